"""scripts/check-docs on documents with one fault each: python3 -m unittest discover -s scripts/python"""

import importlib.machinery
import importlib.util
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import tiny_yaml  # noqa: E402

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "check-docs"
loader = importlib.machinery.SourceFileLoader("check_docs", str(SCRIPT))
check_docs = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_docs", loader))
loader.exec_module(check_docs)


class FakeProgram:
    """What --help says, without a built program."""

    known = {
        (): (set(), {"check", "log"}),
        ("check",): ({"--config"}, set()),
        ("log",): (set(), {"verify"}),
        ("log", "verify"): ({"--json"}, set()),
    }

    def help(self, *words):
        return self.known[words]


class Documents(unittest.TestCase):
    def page(self, text, name="page.md"):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        path = pathlib.Path(place.name).resolve() / name
        path.write_text(text)
        return check_docs.Document(path)

    def links(self, text):
        page = self.page(text)
        return [problem.split(": ", 1)[1].replace(page.name, "PAGE") for problem in check_docs.link_problems([page])]

    def commands(self, text):
        return [problem.split(": ", 1)[1] for problem in check_docs.command_problems([self.page(text)], FakeProgram())]

    def test_links_lead_to_files_and_headings(self):
        self.assertEqual(self.links("# One\n## Two, `three`!\n[a](#two-three) [b](page.md#one) [c](https://example.com/x)\n"), [])
        self.assertEqual(self.links("[a](gone.md)\n"), ["gone.md: there is no such file"])
        self.assertEqual(self.links("# One\n[a](#two)\n"), ["#two: PAGE has no such heading"])

    def test_headings_of_the_same_text_are_numbered(self):
        self.assertEqual(self.page("# One\n# One\n").anchors(), {"one", "one-1"})

    def test_what_stands_in_code_is_neither_a_link_nor_a_heading(self):
        self.assertEqual(self.links("```sh\n# no heading\n[a](gone.md)\n```\n`[b](gone.md)`\n"), [])
        self.assertEqual(self.page("```sh\n# no heading\n```\n").anchors(), set())

    def test_files_that_are_named_exist(self):
        self.assertEqual(self.links("`scripts/check-docs`, `docs/*.md`\n"), [])
        self.assertEqual(self.links("`scripts/gone`\n"), ["scripts/gone: there is no such file"])

    def test_commands_are_known(self):
        good = (
            "```sh\nrelaunch check DIR --config x\nkubectl exec p -- relaunch log verify DIR --json\n```\n    relaunch help log\n"
        )
        self.assertEqual(self.commands(good), [])
        self.assertEqual(self.commands("    relaunch check --confg x\n"), ["relaunch check does not know --confg"])
        self.assertEqual(self.commands("`relaunch log vrify DIR`\n"), ["relaunch log has no subcommand vrify"])
        self.assertEqual(
            self.commands("```sh\nkubectl exec p -- relaunch log verify \\\n  --xml\n```\n"),
            ["relaunch log verify does not know --xml"],
        )
        self.assertEqual(self.commands("    scripts/gone --now\n"), ["scripts/gone: there is no such script"])
        self.assertEqual(self.commands("    scripts/setup-gcp --dry\n"), [])  # a part of --dry-run, as getopt takes it
        self.assertEqual(self.commands("    scripts/setup-gcp --wet-run\n"), ["scripts/setup-gcp does not know --wet-run"])
        self.assertEqual(
            self.commands("    helm upgrade r c --set config.dryRun=true,rbac.scop=none\n"),
            ["--set rbac.scop=none: the chart has no such value"],
        )

    def test_values_fit_the_schema(self):
        schema = check_docs.Schema()
        good = {"rbac": {"scope": "namespaces", "namespaces": ["shop"]}, "config": {"dryRun": True}, "podLabels": {"any": "thing"}}
        self.assertEqual(list(schema.problems(good)), [])
        for bad, word in (
            ({"rbac": {"scope": "all"}}, "none of"),
            ({"rbac": {"scop": "none"}}, "no such value"),
            ({"config": {"dryRun": "yes"}}, "is not boolean"),
            ({"image": {"digest": "latest"}}, "does not match"),
        ):
            self.assertIn(word, " ".join(schema.problems(bad)), bad)

    def test_tables_below_a_heading_are_those_up_to_the_next(self):
        page = self.page("# A\n## B\n| x | y |\n|---|---|\n| `one` | a \\| b |\n## C\n| `two` | |\n")
        self.assertEqual([cells[0] for _, cells in page.rows("B")], ["x", "`one`"])
        self.assertEqual(len(page.rows("A")), 3)


class TinyYAML(unittest.TestCase):
    def test_reads_what_documents_show(self):
        text = """# a comment
a: {b: [1, "two, three", 'fo''ur'], kubernetes.io/x: y}   # more
list:
- plain text: with a blank
  other: "a # b"
-   - nested
- https://host:80/x
text: |
  one
    two

  three
empty:
next:
  {a: 1,
   b: 2}
flag: true
---
b: -1
"""
        self.assertEqual(
            tiny_yaml.documents(text),
            [
                {
                    "a": {"b": [1, "two, three", "fo'ur"], "kubernetes.io/x": "y"},
                    "list": [{"plain text": "with a blank", "other": "a # b"}, ["nested"], "https://host:80/x"],
                    "text": "one\n  two\n\nthree\n",
                    "empty": None,
                    "next": {"a": 1, "b": 2},
                    "flag": True,
                },
                {"b": -1},
            ],
        )

    def test_refuses_what_it_does_not_understand(self):
        for text in (
            "a: &x 1\n",
            "a: *x\n",
            "a: >\n  b\n",
            "a: 1\na: 2\n",
            "a: [1\n",
            "a: 1\n   b: 2\n",
            "a: {b: 1, b: 2}\n",
            "just text\n",
            "a: [1] 2\n",
        ):
            with self.assertRaises(tiny_yaml.Problem, msg=text):
                tiny_yaml.documents(text)


if __name__ == "__main__":
    unittest.main()
