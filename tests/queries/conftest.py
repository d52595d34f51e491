import pytest

from tests.queries.tables import Everything, everything


@pytest.fixture(scope="session")
def table(tmp_path_factory) -> Everything:
    with everything(tmp_path_factory.mktemp("everything")) as made:
        yield made
