"""Makes the vendored files of the page anew, of packages from npm.

    python -m tests.page.vendor            of the versions that package-lock.json has
    python -m tests.page.vendor --newest   of the newest ones; package.json and its lock then say so

``static/vendor/vendored.json`` says what each file is made of, and its checksum. Besides npm nothing is needed.
"""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import dynmodel_pyramid

ROOT = Path(dynmodel_pyramid.__file__).parents[1]
FOLDER = ROOT / "dynmodel_pyramid" / "web" / "page" / "static" / "vendor"
LIST = FOLDER / "vendored.json"
LICENCES = FOLDER / "LICENCES.txt"
#: file -> its packages, and the module that is bundled.
FILES = {
    "preact.js": (
        ("preact", "@preact/signals", "@preact/signals-core", "htm"),
        """
        import htm from "htm";
        import { h } from "preact";
        export { h, render, Fragment, Component, createContext, createRef } from "preact";
        export {
            useCallback, useContext, useEffect, useErrorBoundary, useId, useLayoutEffect, useMemo, useReducer, useRef,
            useState,
        } from "preact/hooks";
        export {
            batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect,
        } from "@preact/signals";
        export const html = htm.bind(h);
        """,
    ),
}


def npm(*words: str) -> None:
    subprocess.run(["npm", *words, "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT, check=True)


def package(name: str) -> dict:
    return json.loads((ROOT / "node_modules" / name / "package.json").read_text(encoding="utf-8"))


def licence(name: str) -> str:
    return (ROOT / "node_modules" / name / "LICENSE").read_text(encoding="utf-8").strip() + "\n"


def bundle(code: str) -> bytes:
    command = ["node_modules/.bin/esbuild", "--bundle", "--format=esm", "--minify", "--target=es2022"]
    command += ["--legal-comments=none", "--sourcefile=vendored.js"]
    return subprocess.run(command, cwd=ROOT, input=code.encode(), capture_output=True, check=True).stdout


def made(name: str, packages: tuple[str, ...], code: str) -> dict:
    content = bundle(code)
    found = [package(each) for each in packages]
    notice = ", ".join(f"{each['name']} {each['version']} ({each['license']})" for each in found)
    content = f"/* {notice}; made by python -m tests.page.vendor */\n".encode() + content
    (FOLDER / name).write_bytes(content)
    described = [{key: each[key] for key in ("name", "version", "license")} for each in found]
    for each in described:
        each["source"] = f"https://www.npmjs.com/package/{each['name']}/v/{each['version']}"
    return {"packages": described, "bytes": len(content), "sha256": sha256(content).hexdigest()}


def main(newest: bool) -> None:
    names = sorted({each for packages, _ in FILES.values() for each in packages} - {"@preact/signals-core"})
    if newest:
        npm("install", "--save-dev", "--save-exact", *(f"{name}@latest" for name in names))
    else:
        npm("ci")
    listed = {name: made(name, packages, code) for name, (packages, code) in FILES.items()}
    of = sorted({each for packages, _ in FILES.values() for each in packages})
    texts = [f"{name}\n\n{licence(name)}" for name in of]
    LICENCES.write_text("\n\n".join(texts), encoding="utf-8")
    LIST.write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")
    for name, entry in listed.items():
        print(f"{name}: {entry['bytes']} bytes")


if __name__ == "__main__":
    main("--newest" in sys.argv[1:])
