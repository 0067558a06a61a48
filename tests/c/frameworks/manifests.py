"""Reads the manifests of the package with the frameworks' own tools: manifests.py PACKAGE."""

from __future__ import annotations

import sys
from pathlib import Path

import kconfiglib
from idf_component_tools.manager import ManifestManager
from platformio.package.manifest.parser import ManifestParserFactory
from platformio.package.manifest.schema import ManifestSchema
from ruamel.yaml import YAML


def main() -> None:
    package = Path(sys.argv[1])
    # PlatformIO would ask a server for the list of licences.
    known_licences = {"licenses": [{"licenseId": name} for name in ("Apache-2.0", "MIT")]}
    ManifestSchema.load_spdx_licenses = staticmethod(lambda: known_licences)
    for name in ("library.json", "library.properties"):
        parser = ManifestParserFactory.new_from_file(str(package / name))
        manifest = ManifestSchema().load_manifest(parser.as_dict())
        assert manifest["name"] == "Trine" and manifest["version"], manifest
    component = ManifestManager(str(package), "trine").load()
    folders = {path.name for path in (package / "src").iterdir() if path.is_dir()}
    known = {name for name in folders if name.startswith("esp32")}
    assert known and known <= set(component.targets), (known, component.targets)
    module = YAML(typ="safe").load(package / "zephyr/module.yml")
    assert module["name"] == "trine"
    kconfig = kconfiglib.Kconfig(str(package / module["build"]["kconfig"]), warn_to_stderr=False)
    assert not kconfig.warnings, kconfig.warnings
    chosen = (package / "examples/zephyr/prj.conf").read_text()
    assert "TRINE" in kconfig.syms and "CONFIG_TRINE=y" in chosen
    print("the manifests are as their readers want them")


if __name__ == "__main__":
    main()
