"""``dynmodel-init`` writes a deployment that works: judged by systemd, nginx, and linters of containers' files."""

import configparser
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from dynmodel_pyramid.scripts import serve_file
from dynmodel_pyramid.scripts.deployment import FILES, main
from dynmodel_pyramid.server.settings import SERVE_KEYS
from dynmodel_pyramid.testing.databases import database_settings
from tests.documents import ROOT
from tests.server_process import Server, free_port

HERE = ROOT / "dynmodel_pyramid" / "scripts" / "deployment"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("deployment") / "made"
    assert main([str(folder)]) == 0
    return folder


def run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def needed(program: str, package: str) -> str:
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        pytest.skip(f"{program} is missing: apt-get install {package}")
    return path


def test_all_files_come_with_the_package_and_are_written(folder):
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert set(FILES) == {path.name for path in HERE.iterdir() if path.suffix != ".py" and path.is_file()}
    assert (folder / "environment").stat().st_mode & 0o077 == 0
    assert str(folder) in (folder / "dynmodel.service").read_text(encoding="utf-8")
    assert not any("0.0.0\n" in path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert (ROOT / "production.ini").read_text(encoding="utf-8") == (folder / "production.ini").read_text(
        encoding="utf-8"
    )


def test_nothing_is_overwritten(folder, tmp_path, capsys):
    (tmp_path / "nginx.conf").write_text("mine")
    assert main([str(tmp_path)]) == 1
    assert "nginx.conf: there already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["nginx.conf"]
    assert main([str(tmp_path), "--only", "production.ini"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"nginx.conf", "production.ini"}


def test_units_are_right_for_systemd(folder, tmp_path):
    programs = tmp_path / "venv" / "bin"  # which must be there
    programs.mkdir(parents=True)
    for name in ("dynmodel-serve", "dynmodel-upgrade", "dynmodel-purge"):
        (programs / name).symlink_to("/bin/true")
    units = []
    for path in folder.glob("dynmodel*"):
        units.append(tmp_path / path.name)
        units[-1].write_text(path.read_text(encoding="utf-8").replace(str(folder), str(tmp_path)), encoding="utf-8")
    run(needed("systemd-analyze", "systemd"), "verify", "--man=no", *units)


def test_the_units_wait_longer_than_the_service_needs(folder):
    unit = configparser.RawConfigParser(strict=False)
    unit.read(folder / "dynmodel.service")
    ini = configparser.RawConfigParser()
    ini.read(folder / "production.ini")
    assert int(unit["Service"]["TimeoutStopSec"]) >= int(ini["dynmodel-serve"]["graceful_timeout"]) + 5


def test_files_of_containers_please_their_linters(folder):
    run(Path(sys.executable).with_name("hadolint"), "--failure-threshold", "warning", folder / "Dockerfile")
    check = Path(sys.executable).with_name("check-jsonschema")
    run(check, "--builtin-schema", "vendor.compose-spec", folder / "compose.yaml")


@pytest.mark.long
def test_nginx_passes_everything_on(folder, tmp_path):
    nginx = needed("nginx", "nginx-light")
    front = free_port()
    with database_settings("sqlite", tmp_path) as settings:
        server = Server(settings, tmp_path, threads=2)
        ini = server.ini.read_text(encoding="utf-8")
        trusted = (
            "trusted_proxy = 127.0.0.1\ntrusted_proxy_headers = x-forwarded-for x-forwarded-host x-forwarded-proto"
        )
        server.ini.write_text(ini.replace("threads = 2", f"threads = 2\n{trusted}"), encoding="utf-8")
        block = (folder / "nginx.conf").read_text(encoding="utf-8")
        block = block.replace("127.0.0.1:6543", f"127.0.0.1:{server.port}").replace("80;", f"127.0.0.1:{front};")
        places = "".join(
            f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (tmp_path / "nginx.conf").write_text(
            f"pid {tmp_path}/pid;\nerror_log stderr;\ndaemon off;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{places}{block}}}\n",
            encoding="utf-8",
        )
        proxy = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")])
        try:
            server.start()
            url = f"http://127.0.0.1:{front}"
            _wait_for(f"{url}/live")
            made = requests.post(
                f"{url}/table/",
                json={"model_name": "Lamp", "fields": {"name": "string"}},
                headers={"Host": "data.example.org"},
                timeout=10,
            )
            assert made.status_code == 201, made.text
            rows = "name\n" + "a lamp with a long name\n" * 100_000  # 2 MB: more than nginx takes by default
            loaded = requests.post(
                f"{url}/table/1/rows/",
                data=rows,
                headers={"Content-Type": "text/csv", "Prefer": "return=minimal"},
                timeout=60,
            )
            assert loaded.status_code == 201, loaded.text
            listed = requests.get(
                f"{url}/table/1/rows/?limit=1",
                headers={"Host": "data.example.org", "Prefer": "count=exact"},
                timeout=10,
            )
            assert listed.headers["Content-Range"] == "0-0/100000"
            problem = requests.get(f"{url}/table/none/", timeout=10)
            assert problem.headers["Content-Type"] == "application/problem+json"
            assert json.loads(problem.text)["status"] == 404
        finally:
            proxy.terminate()
            proxy.wait(10)
            server.stop()


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


def test_the_server_knows_the_keys_that_the_command_takes_from_the_environment():
    assert tuple(setting.name for setting in serve_file.SETTINGS) == SERVE_KEYS
