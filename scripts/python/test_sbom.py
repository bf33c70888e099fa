"""What scripts/release relies on: python3 -m unittest discover -s scripts/python"""

import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import oci  # noqa: E402
import sbom  # noqa: E402

LIBSSL = """Package: libssl3
Source: openssl (3.0.17-1~deb12u2)
Version: 3.0.17-1~deb12u2+b1
Architecture: amd64
Description: a library
 Version: not this one
"""
APACHE = "Apache License\nVersion 2.0, January 2004\n"
PINS = [
    {
        "identity": "swift-log",
        "location": "https://github.com/apple/swift-log.git",
        "state": {"revision": "c0ffee", "version": "1.16.2"},
    }
]


class Parts(unittest.TestCase):
    def test_a_debian_package_is_named_as_scanners_name_it(self):
        made = sbom.debian_package(LIBSSL)
        self.assertEqual(made["versionInfo"], "3.0.17-1~deb12u2+b1")
        self.assertEqual(made["licenseDeclared"], "Apache-2.0")
        self.assertEqual(made["sourceInfo"], "built from the Debian source package openssl 3.0.17-1~deb12u2")
        self.assertEqual(
            made["externalRefs"][0]["referenceLocator"],
            "pkg:deb/debian/libssl3@3.0.17-1~deb12u2%2Bb1?arch=amd64&distro=debian-12",
        )

    def test_a_package_without_a_licence_is_an_error_and_says_so(self):
        with self.assertRaisesRegex(sbom.UnknownPart, "libfoo1: a Debian package without a licence"):
            sbom.debian_package(LIBSSL.replace("libssl3", "libfoo1"))
        with self.assertRaisesRegex(sbom.UnknownPart, "not a licence that sbom.py knows"):
            sbom.swift_licence("All rights reserved", "LICENSE.txt")

    def test_the_exception_of_swift_is_told_from_the_plain_licence(self):
        self.assertEqual(sbom.swift_licence(APACHE, ""), "Apache-2.0")
        self.assertEqual(sbom.swift_licence(APACHE + "Runtime Library Exception", ""), "Apache-2.0 WITH Swift-exception")


class Documents(unittest.TestCase):
    def test_every_part_of_the_image_is_listed_once_and_related(self):
        with tempfile.TemporaryDirectory() as directory:
            root = os.path.join(directory, "root")
            for path, content in {
                "var/lib/dpkg/status.d/libssl3": LIBSSL,
                "usr/bin/relaunch": "the binary",
                "../checkouts/swift-log/LICENSE.txt": APACHE,
            }.items():
                full = os.path.normpath(os.path.join(root, path))
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(content)
            labels = {"org.opencontainers.image.version": "1.2.3"}
            files, digest = oci.image([root], {"Labels": labels}, "amd64", 0, "relaunch:1.2.3")
            for path, content in files.items():
                full = os.path.join(directory, "layout", path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "wb") as file:
                    file.write(content)
            layout = oci.Layout(os.path.join(directory, "layout"))
            checkouts = os.path.join(directory, "checkouts")
            made = sbom.document(layout, PINS, checkouts, "6.3.1", 86400)
            again = sbom.document(layout, PINS, checkouts, "6.3.1", 86400)
        self.assertEqual(json.dumps(made), json.dumps(again))
        self.assertIn(digest[7:], made["documentNamespace"])
        self.assertEqual(made["creationInfo"]["created"], "1970-01-02T00:00:00Z")
        identifiers = [part["SPDXID"] for part in made["packages"]]
        self.assertEqual(sorted(identifiers), sorted(set(identifiers)))
        self.assertEqual(
            [part["name"] for part in made["packages"]],
            ["relaunch-image", "relaunch", "swift-log", "swift-standard-libraries", "libssl3"],
        )
        self.assertEqual([relation["relatedSpdxElement"] for relation in made["relationships"]], identifiers)


if __name__ == "__main__":
    unittest.main()
