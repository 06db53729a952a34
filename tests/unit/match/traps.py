"""Pairs of people who look alike and are two, by kind: a person could tell each pair apart by something in it."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any, Final

from gateway.match.person import SSN
from tests.unit.match.people import address, identifier, patient, phone

Pair = tuple[dict[str, Any], dict[str, Any]]
PAYER: Final = "https://payer.example/members"
# Many are alike: Carla and Marla, Jan and Jann, Christina and Christine.
GIVEN: Final = (
    "Carla", "Marla", "Carlo", "Marlo", "Christina", "Christine", "Kristina", "Jan", "Jann", "Jon", "Jayden",
    "Hayden", "Jaylen", "Maria", "Marie", "Mario", "Daniel", "Daniela", "Danielle", "Eric", "Erica", "Erik", "Anna",
    "Anne", "Hanna", "Hannah", "Sara", "Sarah", "Alexander", "Alexandra", "Robert", "Roberta", "Thomas", "James",
    "William", "Walter", "Ellen", "Helen", "Helena", "Karen", "Karin", "Kristen", "Kirsten", "Landon", "Brandon",
    "Branden", "Mason", "Jason", "Ines", "Keiko",
)  # fmt: skip
FAMILY: Final = (
    "Ashgrove", "Birkwood", "Calloway", "Dunmore", "Eastlake", "Garrity", "Holbrook", "Ivarsson", "James", "Thomas",
    "Ryan",
)  # fmt: skip
ALIKE: Final = (
    ("Jayden", "Jaden"), ("Jayden", "Jaydn"), ("Hayden", "Jayden"), ("Kayla", "Kaylah"), ("Maria", "Marie"),
    ("Aiden", "Ayden"), ("Jan", "Jann"), ("Kaylee", "Kayleen"), ("Jaxon", "Jaxson"), ("Mia", "Maia"),
    ("Madison", "Madisyn"), ("Zoe", "Zoey"), ("Sofia", "Zofia"), ("Khloe", "Chloe"), ("Nevaeh", "Neveah"),
    ("Amir", "Emir"), ("Lilly", "Lily"), ("Mohamed", "Mohammed"), ("Ngoc", "Nhoc"), ("Zbigniew", "Zbygniew"),
)  # fmt: skip
STREETS: Final = ("Quarry Lane", "Old Mill Road", "Harbour Street", "North Vine Avenue", "Saint Clair Court")
SHORT: Final = (("Alexander", "Alex"), ("Robert", "Bob"), ("Thomas", "Tom"), ("William", "Bill"), ("Barbara", "Barb"))


class Town:
    """Draws people, each with all that a registration desk asks for."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def person(self, given: str = "") -> dict[str, Any]:
        """Somebody with a home, a telephone, an SSN, a payer and a clinic."""
        return patient(
            given or self.random.choice(GIVEN),
            self.random.choice(FAMILY),
            self.born(),
            gender=self.random.choice(("male", "female")),
            address=[self.home()],
            telecom=[self.phone()],
            identifier=self.numbers(),
        )

    def born(self) -> str:
        return f"{self.random.randint(1930, 2015)}-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"

    def home(self) -> dict[str, Any]:
        line = f"{self.random.randint(1, 999)} {self.random.choice(STREETS)}"
        return address(line, f"{self.random.randint(10000, 99999)}")

    def phone(self) -> dict[str, Any]:
        return phone(f"507-555-{self.random.randint(0, 9999):04}")

    def numbers(self) -> list[dict[str, Any]]:
        ssn, mrn, member = (str(self.random.randint(10**8, 10**9 - 1)) for _ in range(3))
        return [self.ssn(ssn), identifier(mrn), identifier(member, PAYER, "MB")]

    def ssn(self, value: str) -> dict[str, Any]:
        return {"system": SSN, "value": value}

    def another_given(self, than: dict[str, Any]) -> list[dict[str, Any]]:
        said = than["name"][0]
        return [said | {"given": [self.random.choice([name for name in GIVEN if name not in said["given"]])]}]

    def other(self, known: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """A second person who is as the first but for what is changed, with numbers of her own."""
        return deepcopy({**known, "id": "two", "identifier": self.numbers(), **changed})

    def years_later(self, known: dict[str, Any], least: int, most: int) -> str:
        return f"{int(known['birthDate'][:4]) + self.random.randint(least, most)}{known['birthDate'][4:]}"


def _without_numbers(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "identifier"}


def _twin(town: Town) -> Pair:
    one = town.person()
    return one, _without_numbers(town.other(one, name=town.another_given(one)))


def _twin_with_the_next_ssn(town: Town) -> Pair:
    one = town.person()
    one["identifier"] = [town.ssn("219099998")]
    return one, town.other(one, name=town.another_given(one), identifier=[town.ssn("219099999")])


def _twin_with_the_number_of_the_insured(town: Town) -> Pair:
    one = town.person()
    return one, town.other(one, name=town.another_given(one), identifier=one["identifier"][::2])


def _senior_and_junior(town: Town) -> Pair:
    one = town.person()
    one["name"][0]["suffix"] = ["Sr"]
    name = [one["name"][0] | {"suffix": ["Jr"]}]
    return one, town.other(one, name=name, birthDate=town.years_later(one, 18, 45), identifier=one["identifier"][2:])


def _father_and_son_with_one_ssn(town: Town) -> Pair:
    one = town.person()
    return one, town.other(one, birthDate=town.years_later(one, 18, 45), identifier=one["identifier"][:1])


def _spouse(town: Town) -> Pair:
    one = town.person()
    sex = {"male": "female", "female": "male"}[one["gender"]]
    changed = {"name": town.another_given(one), "birthDate": town.born(), "gender": sex}
    return one, town.other(one, **changed, identifier=one["identifier"][2:])


def _same_name_and_birth_date(town: Town) -> Pair:
    one = town.person()
    return one, _without_numbers(town.other(one, address=[town.home()], telecom=[town.phone()]))


def _newborns(town: Town) -> Pair:
    one = town.person()
    one["name"][0]["given"] = [town.random.choice(("Baby Boy", "Babygirl", "Twin A", "Infant"))]
    return one, town.other(one, name=town.another_given(one), identifier=one["identifier"][2:])


def _names_transposed(town: Town) -> Pair:
    one = town.person("Thomas")
    one["name"][0]["family"] = "James"
    return one, _without_numbers(town.other(one, name=[{"family": "Thomas", "given": ["James"]}]))


def _date_swapped(town: Town) -> Pair:
    one = town.person()
    one["birthDate"] = f"{one['birthDate'][:4]}-04-09"
    born = f"{one['birthDate'][:4]}-09-04"
    return one, _without_numbers(town.other(one, birthDate=born, address=[town.home()], telecom=[town.phone()]))


def _maiden_name(town: Town) -> Pair:
    one = town.person("Ellen") | {"gender": "female"}
    one["name"].append({"use": "maiden", "family": "Fennimore", "given": ["Ellen"]})
    name = [{"family": "Fennimore", "given": ["Ellen"]}]
    return one, _without_numbers(town.other(one, name=name, address=[town.home()], telecom=[town.phone()]))


def _moved_in_after(town: Town) -> Pair:
    one = town.person()
    return one, town.other(one, name=town.another_given(one), birthDate=town.born())


def _short_name(town: Town) -> Pair:
    long, short = town.random.choice(SHORT)
    one = town.person(long) | {"multipleBirthBoolean": True}
    return one, _without_numbers(town.other(one, name=[one["name"][0] | {"given": [short]}]))


def _wrong_record_number(town: Town) -> Pair:
    one, two = town.person(), town.person()
    name = town.another_given(one)
    return one, two | {"id": "two", "name": name, "identifier": one["identifier"][1:2]}


def _shared_phone(town: Town) -> Pair:
    one = town.person()
    return one, town.person() | {"id": "two", "name": town.another_given(one), "telecom": one["telecom"]}


def _neighbour(town: Town) -> Pair:
    one = town.person()
    line = one["address"][0]["line"][0]
    number, _, street = line.partition(" ")
    next_door = [one["address"][0] | {"line": [f"{int(number) + 2} {street}"]}]
    return one, _without_numbers(town.other(one, address=next_door, telecom=[town.phone()]))


def _middle_name(town: Town) -> Pair:
    one = town.person("Mary Ann")
    return one, _without_numbers(town.other(one, name=[one["name"][0] | {"given": ["Mary", "Beth"]}]))


def _other_sex(town: Town) -> Pair:
    one = town.person("Robin") | {"gender": "male"}
    return one, _without_numbers(town.other(one, gender="female"))


def _other_ssn(town: Town) -> Pair:
    one = town.person()
    digits = one["identifier"][0]["value"]
    return one, town.other(one, identifier=[town.ssn(digits[5:] + digits[:5]), *one["identifier"][2:]])


def _alike_twins_under_one_number(town: Town) -> Pair:
    """Names that are nearly one, a parent's number for both, and nothing else that differs."""
    mine, theirs = town.random.choice(ALIKE)
    one = town.person(mine)
    return one, town.other(one, name=[one["name"][0] | {"given": [theirs]}], identifier=one["identifier"][:1])


def _newborn_under_the_mothers_number(town: Town) -> Pair:
    mother = town.person("Maria") | {"gender": "female"}
    name, born = [mother["name"][0] | {"given": ["Babygirl"]}], town.years_later(mother, 18, 40)
    return mother, town.other(mother, name=name, birthDate=born, identifier=mother["identifier"][::2])


def _spouse_under_the_number_of_the_insured(town: Town) -> Pair:
    """Of the same initial: James and Jane, where one record has the letter alone."""
    one = town.person("James") | {"gender": "male"}
    name = [one["name"][0] | {"given": [town.random.choice(("J", "Jane", "Jamie"))]}]
    return one, town.other(one, name=name, birthDate=town.born(), gender="female", identifier=one["identifier"][::2])


def _same_initials_at_one_address(town: Town) -> Pair:
    one, mine, theirs = town.person(), *town.random.sample(("Jane", "Joan", "Jean", "June", "Jana", "Jena"), 2)
    one["name"][0]["given"] = [mine]
    return one, town.other(one, name=[one["name"][0] | {"given": [theirs]}], birthDate=town.born())


def _strangers_under_a_number_that_stands_for_none(town: Town) -> Pair:
    one = town.person()
    shared = town.random.choice(("123-45-6789", "999-99-9999", "000-00-0000", "000-12-3456", "219-09-0000"))
    one["identifier"] = [town.ssn(shared)]
    elsewhere = {"address": [town.home()], "telecom": [town.phone()]}
    return one, town.other(one, **elsewhere, identifier=one["identifier"])


def _namesakes_whose_birth_date_is_not_known(town: Town) -> Pair:
    """Father and son of one name in one house: the desk wrote the same date for both."""
    one = town.person() | {"birthDate": town.random.choice(("1900-01-01", "1901-01-01"))}
    return one, town.other(one, telecom=[town.phone()])


def _newborns_without_names(town: Town) -> Pair:
    one = town.person() | {"multipleBirthInteger": 1}
    one["name"][0].pop("given")
    return one, town.other(one, multipleBirthInteger=2, identifier=one["identifier"][:1])


KINDS: Final[dict[str, Callable[[Town], Pair]]] = {
    made.__name__.removeprefix("_").replace("_", " "): made
    for made in (
        _twin, _twin_with_the_next_ssn, _twin_with_the_number_of_the_insured, _senior_and_junior,
        _father_and_son_with_one_ssn, _spouse, _same_name_and_birth_date, _newborns, _names_transposed, _date_swapped,
        _maiden_name, _moved_in_after, _short_name, _wrong_record_number, _shared_phone, _neighbour, _middle_name,
        _other_sex, _other_ssn, _alike_twins_under_one_number, _newborn_under_the_mothers_number,
        _spouse_under_the_number_of_the_insured, _same_initials_at_one_address,
        _strangers_under_a_number_that_stands_for_none, _namesakes_whose_birth_date_is_not_known,
        _newborns_without_names,
    )
}  # fmt: skip


def pairs(kind: str, number: int, seed: int = 1) -> Iterator[Pair]:
    """So many pairs of a kind, the same for the same seed; half lack something in one record that does not tell them
    apart."""
    town = Town(seed)
    for place in range(number):
        one, two = KINDS[kind](town)
        yield (one, _with_gaps(town, one, two)) if place % 2 else (one, two)


def _with_gaps(town: Town, one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    alike = [name for name in ("birthDate", "gender", "address", "telecom") if one.get(name) == two.get(name)]
    missing = town.random.sample(alike, town.random.randint(0, len(alike)))
    return {name: value for name, value in two.items() if name not in missing}
