#!/usr/bin/env python3
"""Prints what an image that scripts/build-image made consists of, with licences, as SPDX 2.3 in JSON.

usage:
  sbom.py --layout DIR --resolved Package.resolved --checkouts DIR --swift-version X.Y.Z --created SECONDS

Debian's packages are read from the image itself, the Swift packages from Package.resolved and their licences from their checkouts.
The same input gives the same bytes. A package whose licence is not known is an error.

exit codes: 0 printed, 1 something is not known, 2 usage
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import oci  # noqa: E402

# The main licence of each Debian package, by its copyright file, which is in the image as usr/share/doc/PACKAGE/copyright.
DEBIAN_LICENCES = {
    "base-files": "GPL-2.0-or-later",
    "ca-certificates": "MPL-2.0 AND GPL-2.0-or-later",
    "gcc-12-base": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libc6": "LGPL-2.1-or-later",
    "libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libnghttp2-14": "MIT",
    "libre2-9": "BSD-3-Clause",
    "libssl3": "Apache-2.0",
    "libstdc++6": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libyaml-0-2": "MIT",
    "netbase": "GPL-2.0-only",
    "tzdata": "LicenseRef-public-domain",
}


class UnknownPart(Exception):
    """What cannot be said about a part, and what to do."""


def control_fields(text):
    """The fields of a Debian control stanza; of those with several lines the first line."""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and not line.startswith(" "))


def swift_licence(text, where):
    if "Apache License" not in text or "Version 2.0" not in text:
        raise UnknownPart(f"{where}: not a licence that sbom.py knows; teach it to swift_licence")
    return "Apache-2.0 WITH Swift-exception" if "Runtime Library Exception" in text else "Apache-2.0"


def package(name, version, licence, location, reference, **more):
    identifier = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)
    return {
        "SPDXID": identifier,
        "name": name,
        "versionInfo": version,
        "downloadLocation": location,
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": reference}],
        **more,
    }


def debian_package(text):
    fields = control_fields(text)
    name, version = fields["Package"], fields["Version"]
    if name not in DEBIAN_LICENCES:
        raise UnknownPart(f"{name}: a Debian package without a licence in DEBIAN_LICENCES; read its copyright file and add it")
    # Without one, the source package has the same name and version.
    source, _, source_version = fields.get("Source", name).partition(" ")
    source_version = source_version.strip("()") or version
    return package(
        name,
        version,
        DEBIAN_LICENCES[name],
        f"https://snapshot.debian.org/package/{source}/{source_version}/",
        f"pkg:deb/debian/{name.replace('+', '%2B')}@{version.replace('+', '%2B')}?arch={fields['Architecture']}&distro=debian-12",
        supplier="Organization: Debian",
        sourceInfo=f"built from the Debian source package {source} {source_version}",
    )


def swift_package(pin, checkouts):
    name, state = pin["identity"], pin["state"]
    where = os.path.join(checkouts, name, "LICENSE.txt")
    with open(where, encoding="utf-8") as file:
        licence = swift_licence(file.read(), where)
    location = pin["location"].removesuffix(".git")
    return package(
        name,
        state["version"],
        licence,
        f"git+{location}@{state['revision']}",
        f"pkg:swift/{location.removeprefix('https://')}@{state['version']}",
    )


def document(layout, pins, checkouts, swift_version, created):
    with tempfile.TemporaryDirectory() as directory:
        root = os.path.join(directory, "root")
        layout.unpack(root)
        status = os.path.join(root, "var/lib/dpkg/status.d")
        debian = []
        for name in sorted(os.listdir(status)):
            with open(os.path.join(status, name), encoding="utf-8") as file:
                debian.append(debian_package(file.read()))
        with open(os.path.join(root, "usr/bin/relaunch"), "rb") as file:
            binary_digest = hashlib.sha256(file.read()).hexdigest()
    version = layout.config["config"]["Labels"]["org.opencontainers.image.version"]
    architecture = layout.config["architecture"]
    image = package(
        "relaunch-image",
        version,
        "NOASSERTION",
        "NOASSERTION",
        f"pkg:oci/relaunch@{layout.digest.replace(':', '%3A')}?arch={architecture}&tag={version}",
        primaryPackagePurpose="CONTAINER",
        checksums=[{"algorithm": "SHA256", "checksumValue": layout.digest[7:]}],
    )
    binary = package(
        "relaunch",
        version,
        "Apache-2.0",
        "NOASSERTION",
        f"pkg:generic/relaunch@{version}",
        primaryPackagePurpose="APPLICATION",
        checksums=[{"algorithm": "SHA256", "checksumValue": binary_digest}],
    )
    linked = [swift_package(pin, checkouts) for pin in pins]
    linked.append(
        package(
            "swift-standard-libraries",
            swift_version,
            "Apache-2.0 WITH Swift-exception",
            f"https://github.com/swiftlang/swift/releases/tag/swift-{swift_version}-RELEASE",
            f"pkg:github/swiftlang/swift@swift-{swift_version}-RELEASE",
            comment="the standard library, Dispatch, Synchronization and FoundationEssentials of the toolchain",
        )
    )

    def relation(one, kind, other):
        return {"spdxElementId": one["SPDXID"], "relationshipType": kind, "relatedSpdxElement": other["SPDXID"]}

    this = {"SPDXID": "SPDXRef-DOCUMENT"}
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": this["SPDXID"],
        "name": f"relaunch-{version}-linux-{architecture}",
        "documentNamespace": f"https://spdx.org/spdxdocs/relaunch-{version}-{layout.digest[7:]}",
        "creationInfo": {
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created)),
            "creators": ["Tool: relaunch-sbom"],
        },
        "hasExtractedLicensingInfos": [
            {
                "licenseId": "LicenseRef-public-domain",
                "name": "Public domain",
                "extractedText": "This database is in the public domain.",
            }
        ],
        "packages": [image, binary, *linked, *debian],
        "relationships": [
            relation(this, "DESCRIBES", image),
            relation(image, "CONTAINS", binary),
            *(relation(binary, "STATIC_LINK", part) for part in linked),
            *(relation(image, "CONTAINS", part) for part in debian),
        ],
    }


def main():
    parser = argparse.ArgumentParser(usage=__doc__.partition("usage:\n")[2])
    for option in ("layout", "resolved", "checkouts", "swift-version"):
        parser.add_argument("--" + option, required=True)
    parser.add_argument("--created", type=int, required=True)
    options = parser.parse_args()
    try:
        with open(options.resolved, encoding="utf-8") as file:
            pins = json.load(file)["pins"]
        made = document(oci.Layout(options.layout), pins, options.checkouts, options.swift_version, options.created)
    except (UnknownPart, oci.ImageError, OSError, ValueError, KeyError) as error:
        sys.exit(f"sbom.py: {error}")
    print(json.dumps(made, indent=2))


if __name__ == "__main__":
    main()
