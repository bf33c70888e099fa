"""What the built server makes of what the chart renders: its configuration, its arguments, its metrics, and `helm test`."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import urllib.request

import yaml

# What the server exits with where it does not understand its arguments.
USAGE = 64


def find(objects, kind, ending=""):
    return [thing for _, thing in objects if thing["kind"] == kind and thing["metadata"]["name"].endswith(ending)]


class ServerChecks:
    def __init__(self, binary, chart):
        self.binary = binary
        self.chart = chart

    def run(self, *arguments):
        return subprocess.run([self.binary, *arguments], capture_output=True, text=True, timeout=120)

    def problems(self, cases):
        version = self.run("--version").stdout.strip()
        about = yaml.safe_load((self.chart / "Chart.yaml").read_text())
        if about["appVersion"] != version:
            yield f"Chart.yaml: appVersion is {about['appVersion']}, and the server is {version}"
        for name, objects in cases.items():
            with tempfile.TemporaryDirectory() as directory:
                for problem in self.case_problems(pathlib.Path(directory), objects, cases["default-values.yaml"]):
                    yield f"{name}: {problem}"
        with tempfile.TemporaryDirectory() as directory:
            yield from self.running_problems(pathlib.Path(directory), cases)

    def mount(self, directory, objects, other):
        """Lays the ConfigMaps out as they are mounted. Rules and mapping that are somebody else's, or none, are those of `other`."""
        for part in ("config", "rules", "mapping"):
            (directory / part).mkdir(exist_ok=True)
            found = find(objects, "ConfigMap", f"-{part}")
            data = (found[0].get("data") if found else None) or find(other, "ConfigMap", f"-{part}")[0]["data"]
            for name, text in data.items():
                (directory / part / name).write_text(text)
        return directory / "config" / "relaunch.yaml"

    def case_problems(self, directory, objects, other):
        config = self.mount(directory, objects, other)
        checked = self.run("check", "--config", str(config), str(directory))
        if checked.returncode:
            yield f"relaunch check: {checked.stdout}{checked.stderr}"
        if settings := yaml.safe_load(config.read_text()):
            for name, path in (
                ("state", "/var/lib/relaunch"),
                ("rules", "/etc/relaunch/rules"),
                ("mapping", "/etc/relaunch/mapping"),
            ):
                if settings.get(name) != path:
                    yield f"{name} is {settings.get(name)!r}"
        for pod in find(objects, "StatefulSet") + find(objects, "Pod"):
            spec = pod["spec"]["template"]["spec"] if pod["kind"] == "StatefulSet" else pod["spec"]
            for container in spec["containers"]:
                arguments = container.get("args", [])
                if container["name"] == "side":
                    continue
                # Nothing is there to serve or to ask, so it fails; what is asked is whether it understands what it should do.
                arguments = [
                    "0" if before == "--for" else argument for before, argument in zip(["", *arguments], arguments, strict=False)
                ]
                arguments = [re.sub(r"^https?://[^/]+", "http://127.0.0.1:1", argument) for argument in arguments]
                done = self.run(*arguments)
                if done.returncode in (0, USAGE):
                    yield f"{container['name']}: relaunch {' '.join(arguments)}: exit {done.returncode}: {done.stderr[:500]}"

    def running_problems(self, directory, cases):
        """Starts a server with the configuration that is rendered, on loopback and with keys of its own."""
        objects = cases["default-values.yaml"]
        config = self.mount(directory, objects, objects)
        made = self.run("keys", "generate", "--out", str(directory))
        settings = yaml.safe_load(config.read_text())
        settings |= {name: str(directory / name) for name in ("state", "rules", "mapping")}
        settings["listeners"] = {name: {"address": "127.0.0.1", "port": 0} for name in ("push", "ops", "admin")}
        settings["notify"] = [{"name": "ops", "url": "http://127.0.0.1:1/"}]
        for source in settings["sources"].values():
            source["authentication"]["keys"] = {"file": made.stdout.split()[1]}
        config.write_text(json.dumps(settings))
        arguments = find(objects, "StatefulSet")[0]["spec"]["template"]["spec"]["containers"][0]["args"]
        arguments = [str(config) if argument.startswith("/etc/relaunch/") else argument for argument in arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KUBE")} | {
            "HOME": str(directory)
        }
        with open(directory / "errors", "w") as errors:
            server = subprocess.Popen(
                [self.binary, *arguments, "--dry-run"], stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
            )
        killer = threading.Timer(120, server.kill)
        killer.start()
        try:
            urls = {}
            while len(urls) < 3:
                line = server.stdout.readline()
                if not line:
                    yield f"the server does not start: {(directory / 'errors').read_text()[-1000:]}"
                    return
                if line.startswith("listening "):
                    urls[line.split()[1]] = line.split()[2]
            yield from self.test_problems(objects, urls)
            with urllib.request.urlopen(f"{urls['ops']}/metrics", timeout=10) as answer:
                yield from metric_problems(answer.read().decode(), cases)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()
            killer.cancel()
            server.stdout.close()
        if server.returncode:
            yield f"the server ended with {server.returncode}: {(directory / 'errors').read_text()[-1000:]}"

    def test_problems(self, objects, urls):
        """Does what `helm test` does, against the server that runs."""
        services = {thing["metadata"]["name"]: thing["spec"]["ports"][0] for thing in find(objects, "Service")}
        for pod in find(objects, "Pod"):
            if pod["metadata"]["annotations"].get("helm.sh/hook") != "test":
                yield f"{pod['metadata']['name']} is no test"
            for container in pod["spec"]["containers"]:
                command, url, *rest = container["args"]
                match = re.fullmatch(r"http://([\w-]+)\.([\w-]+):(\d+)(/.*)", url)
                if not match or match[1] not in services:
                    yield f"helm test asks {url}, and there is no such Service"
                    continue
                name, namespace, port, path = match.groups()
                if services[name]["port"] != int(port) or namespace != pod["metadata"]["namespace"]:
                    yield f"helm test asks {url}, and the Service {name} has port {services[name]['port']}"
                # What is not so at once never will be.
                rest = ["1" if before == "--for" else argument for before, argument in zip(["", *rest], rest, strict=False)]
                done = self.run(command, urls[services[name]["targetPort"]] + path, *rest)
                if done.returncode:
                    yield f"helm test, {container['name']}: {done.stderr}"


def series(text):
    """{metric: {label: values}} of an answer of /metrics."""
    found = {}
    for line in text.splitlines():
        if match := re.match(r"(relaunch_\w+)(?:\{(.*)\})? ", line):
            labels = found.setdefault(match[1], {})
            for name, value in re.findall(r'(\w+)="([^"]*)"', match[2] or ""):
                labels.setdefault(name, set()).add(value)
    return found


def metric_problems(text, cases):
    """Every metric and label in the alerts and the dashboard is one that the server has."""
    have = series(text)
    expressions = []
    for objects in cases.values():
        for thing in find(objects, "PrometheusRule") + find(objects, "Rules"):
            for rule in thing["spec"]["groups"][0]["rules"]:
                expressions.append((f"alert {rule['alert']}", rule["expr"]))
        for thing in find(objects, "ConfigMap", "-dashboard"):
            for panel in json.loads(thing["data"]["relaunch.json"])["panels"]:
                expressions += [(f"panel {panel['title']}", target["expr"]) for target in panel["targets"]]
    if not expressions:
        yield "there are neither alerts nor panels"
    for where, expression in dict.fromkeys(expressions):
        for name, matchers in re.findall(r"\b(relaunch_\w+)(?:\{([^}]*)\})?", expression):
            if name not in have:
                yield f"{where}: the server has no metric {name}"
                continue
            for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers):
                if label in ("namespace", "pod"):
                    continue
                values = value.split("|") if "~" in operator else [value]
                if missing := [value for value in values if value not in have[name].get(label, ())]:
                    yield f"{where}: {name} has no {label} {missing}"
        groups = {label for match in re.findall(r"\b(?:by|without) \(([^)]*)\)", expression) for label in match.split(", ")}
        known = {label for name in re.findall(r"\brelaunch_\w+", expression) for label in have.get(name, ())} | {
            "namespace",
            "pod",
        }
        if groups - known:
            yield f"{where}: its metrics have no label {groups - known}"
