"""Random grants, rows and requests: what a service answers and stores is what a slow evaluator says.

python -m tests.soak.grants --seconds 600 --database postgresql --seed 1
"""

import sys

from tests.access.worlds.agreement import Disagreement, agree
from tests.soak.interference import run


def main(arguments: list[str] | None = None) -> int:
    return run(__doc__, 1, lambda services, draw, counts: agree(services[0], draw, counts), Disagreement, arguments)


if __name__ == "__main__":
    sys.exit(main())
