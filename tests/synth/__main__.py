"""python -m tests.synth HOW_MANY FOLDER: write invented cases into every carrier, the truth of each beside them."""

import json
import sys
from pathlib import Path

from tests.synth.truth import carriers, truth, written


def main(many: int, folder: Path) -> None:
    """One folder a case, with truth.json and one file a carrier."""
    for number in range(many):
        case, place = truth(number), folder / f"{number:05d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "truth.json").write_text(json.dumps(case, ensure_ascii=False, indent=1), "utf-8")
        for carrier in carriers():
            (place / carrier.name).write_bytes(written(case, carrier))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
