"""The case of a second opinion."""
def assemble(resources, *, sender, received): return list(resources)
