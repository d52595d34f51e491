"""``dynmodel-formats``."""

import json

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.exchange.formats import Formats
from dynmodel_pyramid.scripts.formats import main


def test_every_format_is_listed(capsys, monkeypatch):
    monkeypatch.setattr("dynmodel_pyramid.exchange.formats.find_spec", lambda library: None)
    assert main([]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split()[:4] == ["name", "suffix", "does", "face"]
    known = Formats()
    known.load_entry_points()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [each.name for each in known]
    (parquet,) = [line for line in lines if line.startswith("parquet ")]
    assert parquet.split()[1:7] == [".parquet", "reads", "writes", "streams", "extra", "arrow"]
    (rest,) = [line for line in lines if line.startswith("rest_csv ")]
    assert "rest" in rest.split()[1:] and "extra" not in rest


def test_json_and_failures(capsys, monkeypatch):
    register = Formats.register

    def refuse(self, name, *parts):
        if name == "xlsx":
            raise ConfigurationProblem("no sheets today")
        register(self, name, *parts)

    monkeypatch.setattr(Formats, "register", refuse)
    assert main(["--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    [failure] = told["failed"]
    assert failure["name"] == "xlsx" and "no sheets today" in failure["cause"]
    [geojson] = [known for known in told["installed"] if known["name"] == "geojson"]
    assert geojson["media_type"] == "application/geo+json" and geojson["parameters"] == ["geometry"]
    assert geojson["reads"] and geojson["writes"] and geojson["missing_extra"] is None
    assert main([]) == 1
    assert "no sheets today" in " ".join(capsys.readouterr().out.split("Failed:")[1].split())
