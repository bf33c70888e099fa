"""scripts/setup-gcp against a gcloud that keeps what it makes in a file: python3 -m unittest discover -s scripts/python"""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "setup-gcp"
loader = importlib.machinery.SourceFileLoader("setup_gcp", str(SCRIPT))
setup_gcp = importlib.util.module_from_spec(importlib.util.spec_from_loader("setup_gcp", loader))
loader.exec_module(setup_gcp)

# Each command that may be called, with its flags, as `gcloud COMMAND --help` of Google Cloud SDK 528.0.0 has them; the last ones are
# gcloud's own.
FLAGS = {
    "projects describe": [],
    "services list": ["enabled"],
    "services enable": [],
    "beta services identity create": ["service"],
    "iam service-accounts describe": [],
    "iam service-accounts create": ["display-name"],
    "iam service-accounts delete": [],
    "iam service-accounts get-iam-policy": [],
    "iam service-accounts add-iam-policy-binding": ["member", "role", "condition"],
    "pubsub topics describe": [],
    "pubsub topics create": [],
    "pubsub topics delete": [],
    "pubsub topics get-iam-policy": [],
    "pubsub topics add-iam-policy-binding": ["member", "role"],
    "pubsub topics publish": ["message"],
    "pubsub subscriptions describe": [],
    "pubsub subscriptions list": ["filter"],
    "pubsub subscriptions create": [
        "topic",
        "push-endpoint",
        "push-auth-service-account",
        "push-auth-token-audience",
        "ack-deadline",
        "expiration-period",
        "message-retention-duration",
        "min-retry-delay",
        "max-retry-delay",
        "dead-letter-topic",
        "max-delivery-attempts",
    ],
    "pubsub subscriptions update": [
        "push-endpoint",
        "push-auth-service-account",
        "push-auth-token-audience",
        "clear-push-no-wrapper-config",
        "ack-deadline",
        "expiration-period",
        "message-retention-duration",
        "min-retry-delay",
        "max-retry-delay",
        "dead-letter-topic",
        "max-delivery-attempts",
    ],
    "pubsub subscriptions delete": [],
    "pubsub subscriptions get-iam-policy": [],
    "pubsub subscriptions add-iam-policy-binding": ["member", "role"],
}
OWN_FLAGS = ["project", "format"]

FAKE = '''#!PYTHON -SE
"""A gcloud that keeps what it makes in state.json beside it. FAIL is a part of a command line that fails, with TEXT."""
import json, os, pathlib, sys

place = pathlib.Path(__file__).parent
state = json.loads((place / "state.json").read_text())
arguments = sys.argv[1:]
words = [word for word in arguments if not word.startswith("--")]
flags = dict(word[2:].partition("=")[::2] for word in arguments if word.startswith("--"))
with open(place / "calls", "a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
for known in json.loads((place / "flags.json").read_text()).items():
    name = known[0].split()
    if words[: len(name)] == name:
        rest = words[len(name) :]
        unknown = set(flags) - set(known[1])
        if unknown:
            sys.exit(f"ERROR: unrecognized arguments: {unknown}")
        command = known[0]
        break
else:
    sys.exit(f"ERROR: Invalid choice: {words}")
failure = os.environ.get("FAIL")
times = pathlib.Path(place / "times")
left = int(times.read_text()) if times.exists() else 10**6
if failure and failure in " ".join(arguments) and left > 0:
    times.write_text(str(left - 1))
    sys.exit(os.environ["TEXT"])


def out(value):
    print(json.dumps(value))


def seconds(text):
    return f"{int(text[:-1]) * {'s': 1, 'd': 86400}[text[-1]]}s"


def apply(found):
    project = flags["project"]
    if "topic" in flags:
        found["topic"] = f"projects/{project}/topics/{flags['topic']}"
    if any(name.startswith(("push-", "clear-push")) for name in flags):
        # As gcloud's help says: what an update does not name goes back to its default.
        push = {"pushEndpoint": flags.get("push-endpoint", "")}
        if "push-auth-service-account" in flags:
            audience = flags.get("push-auth-token-audience", "")
            push["oidcToken"] = {"serviceAccountEmail": flags["push-auth-service-account"], "audience": audience}
        found["pushConfig"] = push
    if "ack-deadline" in flags:
        found["ackDeadlineSeconds"] = int(flags["ack-deadline"])
    if flags.get("expiration-period") == "never":
        found["expirationPolicy"] = {}
    if "message-retention-duration" in flags:
        found["messageRetentionDuration"] = seconds(flags["message-retention-duration"])
    if "min-retry-delay" in flags or "max-retry-delay" in flags:
        found["retryPolicy"] = {
            "minimumBackoff": seconds(flags.get("min-retry-delay", "10s")),
            "maximumBackoff": seconds(flags.get("max-retry-delay", "10s")),
        }
    if "dead-letter-topic" in flags:
        found["deadLetterPolicy"] = {
            "deadLetterTopic": f"projects/{project}/topics/{flags['dead-letter-topic']}",
            "maxDeliveryAttempts": int(flags.get("max-delivery-attempts", 5)),
        }
    return found


kind, verb = " ".join(command.split()[:-1]), command.split()[-1]
things = state.setdefault(kind, {})
if command == "projects describe":
    out({"projectId": rest[0], "projectNumber": "123456789012"}) if flags["format"] == "json" else print("123456789012")
elif command == "services list":
    out([{"config": {"name": name}} for name in things.get("enabled", ["logging.googleapis.com"])])
elif command == "services enable":
    things["enabled"] = things.get("enabled", []) + rest
elif command == "beta services identity create":
    pass
elif command == "pubsub subscriptions list":
    # Of the language of filters: member=value, joined by OR.
    for name, found in things.items():
        for term in flags["filter"].split(" OR "):
            path, _, value = term.partition("=")
            member = found
            for step in path.split("."):
                member = member.get(step, {})
            if member == value:
                print(name)
                break
elif verb == "delete":
    if rest[0] not in things:
        sys.exit("ERROR: NOT_FOUND")
    del things[rest[0]]
elif verb == "describe":
    if rest[0] not in things:
        sys.exit(f"ERROR: (gcloud.{'.'.join(command.split())}) NOT_FOUND: Resource not found (resource={rest[0]}).")
    out(things[rest[0]])
elif verb == "create":
    name = rest[0] if kind != "iam service-accounts" else f"{rest[0]}@{flags['project']}.iam.gserviceaccount.com"
    if name in things:
        sys.exit("ERROR: ALREADY_EXISTS")
    if "topic" in flags and flags["topic"] not in state.get("pubsub topics", {}):
        sys.exit("ERROR: NOT_FOUND: topic")
    things[name] = apply({"name": name})
elif verb == "update":
    things[rest[0]] = apply(things[rest[0]])
elif verb == "get-iam-policy":
    out(state.setdefault("policies", {}).get(f"{kind} {rest[0]}", {"etag": "x"}))
elif verb == "add-iam-policy-binding":
    policy = state.setdefault("policies", {}).setdefault(f"{kind} {rest[0]}", {})
    policy.setdefault("bindings", []).append({"role": flags["role"], "members": [flags["member"]]})
(place / "state.json").write_text(json.dumps(state))
'''

ENDPOINT = "https://hooks.example.com/push/gar"
PROJECT = "acme-prod"
EMAIL = "relaunch-push@acme-prod.iam.gserviceaccount.com"
AGENT = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
READS = ("describe", "list", "get-iam-policy")


class SetUp(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = pathlib.Path(place.name)
        (self.place / "gcloud").write_text(FAKE.replace("PYTHON", sys.executable, 1))
        (self.place / "gcloud").chmod(0o755)
        (self.place / "flags.json").write_text(json.dumps({name: flags + OWN_FLAGS for name, flags in FLAGS.items()}))
        (self.place / "state.json").write_text("{}")

    def run_it(self, *options, endpoint=ENDPOINT, **environment):
        """(exit code, what it printed, what it complained of, the calls of this run)"""
        calls = self.place / "calls"
        calls.write_text("")
        arguments = ["--project", PROJECT, "--endpoint", endpoint, *options]
        out, err = io.StringIO(), io.StringIO()
        path = f"{self.place}:{os.environ['PATH']}"
        with (
            unittest.mock.patch.dict(os.environ, {"PATH": path, **environment}),
            unittest.mock.patch.object(setup_gcp.time, "sleep"),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = setup_gcp.main(arguments)
        return code, out.getvalue(), err.getvalue(), [json.loads(line) for line in calls.read_text().splitlines()]

    def state(self):
        return json.loads((self.place / "state.json").read_text())

    def changes(self, calls):
        return [call for call in calls if not any(word in READS for word in call[:4])]

    def test_the_first_run_makes_all_of_it(self):
        code, out, err, calls = self.run_it()
        self.assertEqual((code, err), (0, ""))
        state = self.state()
        self.assertEqual(state["services"]["enabled"], list(setup_gcp.APIS))
        self.assertEqual(sorted(state["pubsub topics"]), ["gcr", "relaunch-dead"])
        self.assertEqual(list(state["iam service-accounts"]), [EMAIL])
        self.assertEqual(
            state["pubsub subscriptions"]["relaunch-gar"],
            {
                "name": "relaunch-gar",
                "topic": "projects/acme-prod/topics/gcr",
                "pushConfig": {"pushEndpoint": ENDPOINT, "oidcToken": {"serviceAccountEmail": EMAIL, "audience": ENDPOINT}},
                "ackDeadlineSeconds": 30,
                "expirationPolicy": {},
                "messageRetentionDuration": "604800s",
                "retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "600s"},
                "deadLetterPolicy": {"deadLetterTopic": "projects/acme-prod/topics/relaunch-dead", "maxDeliveryAttempts": 100},
            },
        )
        dead = state["pubsub subscriptions"]["relaunch-dead"]
        self.assertEqual((dead["topic"], dead["expirationPolicy"]), ("projects/acme-prod/topics/relaunch-dead", {}))
        granted = {
            (where, binding["role"], member)
            for where, policy in state["policies"].items()
            for binding in policy["bindings"]
            for member in binding["members"]
        }
        self.assertEqual(
            granted,
            {
                (f"iam service-accounts {EMAIL}", "roles/iam.serviceAccountTokenCreator", AGENT),
                ("pubsub topics relaunch-dead", "roles/pubsub.publisher", AGENT),
                ("pubsub subscriptions relaunch-gar", "roles/pubsub.subscriber", AGENT),
            },
        )
        self.assertIn(f'audience: "{ENDPOINT}"', out)
        self.assertIn(f"email: {EMAIL}", out)

    def test_each_command_is_printed_before_it_runs_as_it_can_be_pasted(self):
        _, out, _, calls = self.run_it()
        lines = out.replace("\\\n", " ").splitlines()
        printed = [shlex.split(line)[1:] for line in lines if line.startswith("gcloud ")]
        self.assertEqual(printed, calls)

    def test_a_second_run_changes_nothing(self):
        self.run_it()
        before = self.state()
        code, out, _, calls = self.run_it()
        self.assertEqual((code, self.changes(calls), self.state()), (0, [], before))
        self.assertIn("nothing to change", out)

    def test_an_endpoint_that_differs_is_updated_and_said_with_all_of_its_group(self):
        self.run_it()
        code, out, _, calls = self.run_it(endpoint="https://new.example.com/push/gar")
        self.assertEqual(code, 0)
        self.assertEqual([call[:3] for call in self.changes(calls)], [["pubsub", "subscriptions", "update"]])
        push = self.state()["pubsub subscriptions"]["relaunch-gar"]["pushConfig"]
        self.assertEqual(
            push,
            {
                "pushEndpoint": "https://new.example.com/push/gar",
                "oidcToken": {"serviceAccountEmail": EMAIL, "audience": "https://new.example.com/push/gar"},
            },
        )
        self.assertIn(f"pushConfig.pushEndpoint is {ENDPOINT!r}, becomes 'https://new.example.com/push/gar'", out)

    def test_what_a_person_changed_is_put_back(self):
        self.run_it()
        good = self.state()
        for change in (
            {"ackDeadlineSeconds": 10},
            {"expirationPolicy": {"ttl": "2678400s"}},
            {"messageRetentionDuration": "600s"},
            {"retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "60s"}},
            {"retryPolicy": None},
            {"deadLetterPolicy": None},
            {"pushConfig": {}},
            {"pushConfig": {**good["pubsub subscriptions"]["relaunch-gar"]["pushConfig"], "noWrapper": {}}},
        ):
            state = json.loads(json.dumps(good))
            state["pubsub subscriptions"]["relaunch-gar"].update(change)
            (self.place / "state.json").write_text(json.dumps(state))
            code, _, _, calls = self.run_it()
            self.assertEqual((code, len(self.changes(calls)), self.state()), (0, 1, good), change)

    def test_what_cannot_be_changed_is_said_and_left_alone(self):
        self.run_it()
        for change, word in (
            ({"topic": "projects/acme-prod/topics/other"}, "topic"),
            ({"topic": "_deleted-topic_"}, "_deleted-topic_"),
            ({"filter": 'attributes.x = "y"'}, "filter"),
            ({"detached": True}, "detached"),
        ):
            state = self.state()
            state["pubsub subscriptions"]["relaunch-gar"].update(change)
            (self.place / "state.json").write_text(json.dumps(state))
            code, _, err, calls = self.run_it()
            self.assertEqual((code, self.changes(calls)), (1, []))
            self.assertIn(word, err)
            for name in change:
                state["pubsub subscriptions"]["relaunch-gar"].pop(name)
            state["pubsub subscriptions"]["relaunch-gar"]["topic"] = "projects/acme-prod/topics/gcr"
            (self.place / "state.json").write_text(json.dumps(state))

    def test_a_right_that_holds_on_a_condition_does_not_count(self):
        self.run_it()
        state = self.state()
        state["policies"]["pubsub topics relaunch-dead"]["bindings"][0]["condition"] = {"expression": "false"}
        (self.place / "state.json").write_text(json.dumps(state))
        _, _, _, calls = self.run_it()
        self.assertEqual([call[2] for call in self.changes(calls)], ["add-iam-policy-binding"])

    def test_a_failing_gcloud_stops_it_and_is_named(self):
        code, _, err, calls = self.run_it(FAIL="topics create relaunch-dead", TEXT="ERROR: PERMISSION_DENIED: no")
        self.assertEqual(code, 1)
        self.assertIn("gcloud pubsub topics create relaunch-dead --project=acme-prod\nERROR: PERMISSION_DENIED: no", err)
        self.assertEqual(calls[-1][:4], ["pubsub", "topics", "create", "relaunch-dead"])
        # A refused describe is no absence.
        code, _, err, calls = self.run_it(FAIL="describe relaunch-gar", TEXT="ERROR: PERMISSION_DENIED: no")
        self.assertEqual((code, calls[-1][2]), (1, "describe"))
        # And what was begun is completed by the next run.
        self.assertEqual(self.run_it()[0], 0)
        self.assertIn("relaunch-gar", self.state()["pubsub subscriptions"])

    def test_what_is_not_known_everywhere_yet_is_tried_again(self):
        text = "ERROR: NOT_FOUND: Unknown service account"
        (self.place / "times").write_text("2")
        code, out, _, calls = self.run_it(FAIL="service-accounts add-iam-policy-binding", TEXT=text)
        self.assertEqual(code, 0)
        self.assertEqual(sum("add-iam-policy-binding" in call and "service-accounts" in call for call in calls), 3)
        (self.place / "times").unlink()
        code, _, err, calls = self.run_it("--name", "other", FAIL="service-accounts add-iam-policy-binding", TEXT=text)
        self.assertEqual((code, sum("add-iam-policy-binding" in call for call in calls)), (1, setup_gcp.ATTEMPTS))

    def test_a_dry_run_calls_nothing_and_is_a_script_that_makes_all_of_it(self):
        code, out, err, calls = self.run_it("--dry-run")
        self.assertEqual((code, err, calls, self.state()), (0, "", [], {}))
        path = f"{self.place}:{os.environ['PATH']}"
        done = subprocess.run(["sh", "-euc", out], env=dict(os.environ, PATH=path), capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        _, _, _, calls = self.run_it()
        self.assertEqual(self.changes(calls), [])

    def test_a_dry_run_needs_no_gcloud(self):
        with tempfile.TemporaryDirectory() as empty:
            command = [sys.executable, SCRIPT, "--project", PROJECT, "--endpoint", ENDPOINT]
            done = subprocess.run([*command, "--dry-run"], env={"PATH": empty}, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            done = subprocess.run(command, env={"PATH": empty}, capture_output=True, text=True)
            self.assertEqual(done.returncode, 3)
            self.assertIn("no gcloud", done.stderr)

    def test_remove_only_prints(self):
        code, out, _, calls = self.run_it("--remove")
        self.assertEqual((code, calls), (0, []))
        self.assertNotIn("delete gcr", out)

    def test_what_remove_prints_keeps_what_another_source_shares_and_the_last_one_leaves_only_the_topic(self):
        other = ENDPOINT.replace("/gar", "/mirror")
        for endpoint in (ENDPOINT, other):
            self.assertEqual(self.run_it(endpoint=endpoint)[0], 0)
        shared = self.state()

        self.remove(ENDPOINT)
        state = self.state()
        self.assertEqual(set(state["pubsub subscriptions"]), {"relaunch-mirror", "relaunch-dead"})
        for kind in ("pubsub topics", "iam service-accounts"):
            self.assertEqual(state[kind], shared[kind])

        self.remove(other)
        state = self.state()
        self.assertEqual((state["pubsub subscriptions"], state["iam service-accounts"]), ({}, {}))
        self.assertEqual(set(state["pubsub topics"]), {"gcr"})

    def remove(self, endpoint):
        """Runs what --remove prints, as a person would who pastes it."""
        script = self.run_it("--remove", endpoint=endpoint)[1]
        path = f"{self.place}:{os.environ['PATH']}"
        done = subprocess.run(["sh", "-euc", script], env=dict(os.environ, PATH=path), capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_values_for_another_source_take_away_the_one_of_the_chart(self):
        self.assertIn("      gar: null", self.run_it("--dry-run", endpoint=ENDPOINT.replace("/gar", "/mirror"))[1])
        self.assertNotIn("null", self.run_it("--dry-run")[1])

    def test_arguments_that_cannot_be_meant_are_refused(self):
        for endpoint in (
            "http://hooks.example.com/push/gar",
            "hooks.example.com/push/gar",
            "https://localhost/push/gar",
            "https://10.0.0.1/push/gar",
            "https://user:secret@hooks.example.com/push/gar",
            "https://hooks.example.com/push/gar?token=x",
            "https://hooks.example.com/gar",
            "https://hooks.example.com/push/",
            "https://hooks.example.com/push/g ar",
            "",
        ):
            code, out, err, calls = self.run_it(endpoint=endpoint)
            self.assertEqual((code, out, calls), (2, "", []), endpoint)
            self.assertIn("--endpoint", err)
        for options in (
            ["--ack-deadline", "9"],
            ["--ack-deadline", "601"],
            ["--ack-deadline", "x"],
            ["--max-delivery-attempts", "101"],
            ["--min-retry-delay", "20", "--max-retry-delay", "10"],
            ["--name", "goog-x"],
            ["--name", "a" * 26],
            ["--project", "UPPER"],
            ["--unknown"],
            ["surplus"],
        ):
            code, _, err, calls = self.run_it(*options)
            self.assertEqual((code, calls), (2, []), options)
            self.assertNotEqual(err, "")

    def test_a_project_of_a_domain_has_its_accounts_elsewhere(self):
        settings = setup_gcp.Settings(["--project", "example.com:acme-prod", "--endpoint", ENDPOINT])
        self.assertEqual(settings.email, "relaunch-push@acme-prod.example.com.iam.gserviceaccount.com")


if __name__ == "__main__":
    unittest.main()
