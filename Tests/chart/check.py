"""What scripts/check-chart runs: the chart without a cluster, and what the built server makes of what it renders.

usage: check.py [--quick]; environment: RELAUNCH_BINARY, PROMTOOL (may be empty)
"""

import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import helm_python as helm
import jsonschema
import kubernetes_validate
import yaml
from helm_python import _native
from mutants import ALERTS, MUTANTS, SERVED
from server import ServerChecks

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHART = ROOT / "charts" / "relaunch"
KUBERNETES = ("1.27", "1.31", "1.34", "1.37")
NAMESPACE = "demo"
# The longest that Helm accepts.
LONG_RELEASE = ("r" + "-abcdefghij" * 5)[:53]
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding"}
CUSTOM_KINDS = json.loads((HERE / "custom-kinds.json").read_text())
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that is given twice: Helm and the API server take the last, in silence."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def values_of(path):
    text = path.read_text()
    yaml.load(text, StrictLoader)
    return helm.values_from_yaml(text) or {}


def render(chart, values, release=("rel", NAMESPACE), kubernetes=KUBERNETES[-1]):
    """[(template, object)], as `helm template` would print them. Raises HelmError where the chart refuses."""
    options = {"name": release[0], "namespace": release[1], "is_install": True, "kube_version": f"v{kubernetes}.0"}
    rendered = json.loads(_native.call_string("helm_render", chart._raw(), json.dumps(values), json.dumps(options)))
    found = []
    for template, text in sorted(rendered.items()):
        if template.endswith((".txt", ".tpl")):
            continue
        for part in re.split(r"(?:^|\s*\n)---\s*", text):
            if re.sub(r"(?m)^\s*#.*$", "", part).strip():
                yaml.load(part, StrictLoader)
                found.append((template.split("/", 1)[1], helm.values_from_yaml(part)))
    return found


def pod_of(thing):
    if thing["kind"] == "Pod":
        return thing["spec"]
    return thing["spec"]["template"]["spec"] if thing["kind"] == "StatefulSet" else None


def settings_of(objects):
    """The configuration file that is rendered."""
    files = [thing["data"]["relaunch.yaml"] for _, thing in objects if "relaunch.yaml" in (thing.get("data") or {})]
    return yaml.safe_load(files[0])


def walk(node, path=()):
    yield path, node
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from walk(value, (*path, key))


# Each check is given all objects, and yields sentences.


def schema_problems(objects, kubernetes):
    for _, thing in objects:
        where = f"{thing['kind']}/{thing['metadata']['name']}"
        kind = f"{thing['apiVersion']} {thing['kind']}"
        if kind in CUSTOM_KINDS:
            for error in jsonschema.Draft202012Validator(CUSTOM_KINDS[kind]).iter_errors(thing["spec"]):
                yield f"{where}: spec.{'.'.join(map(str, error.path))}: {error.message[:200]}"
            if extra := set(thing) - {"apiVersion", "kind", "metadata", "spec"}:
                yield f"{where}: {extra}: no such field"
            continue
        try:
            kubernetes_validate.validate(thing, kubernetes, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"[{kubernetes}] {where}: {'.'.join(map(str, error.path))}: {error.message[:200]}"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"[{kubernetes}] {where}: there is no {kind}, and Tests/chart/custom-kinds.json has none"


def name_problems(objects):
    seen = set()
    for _, thing in objects:
        meta, kind = thing["metadata"], thing["kind"]
        where = f"{kind}/{meta['name']}"
        if (kind not in CLUSTER_WIDE) != bool(meta.get("namespace")):
            yield f"{where}: metadata.namespace is {meta.get('namespace')!r}"
        key = (kind, meta.get("namespace"), meta["name"])
        if key in seen:
            yield f"{where} is rendered twice"
        seen.add(key)
        if kind == "StatefulSet" and len(meta["name"]) > 52:
            yield f"{where}: a StatefulSet's name has 52 characters at most"
        if kind == "Service" and not DNS_LABEL.fullmatch(meta["name"]):
            yield f"{where}: no DNS label"
        for path, value in walk(thing):
            if path and path[-1] in ("labels", "matchLabels") and isinstance(value, dict):
                for label, text in value.items():
                    if not (isinstance(text, str) and LABEL.fullmatch(text)):
                        yield f"{where}: label {label}: {text!r}"
        if kind == "Secret":
            yield f"{where}: the chart makes no Secrets"


def wiring_problems(objects):
    """Selectors, ports, mounts and references, which schemas cannot see."""
    things = [thing for _, thing in objects]
    made = {(thing["kind"], thing["metadata"].get("namespace"), thing["metadata"]["name"]): thing for thing in things}
    server = next(thing for thing in things if thing["kind"] == "StatefulSet")
    namespace = server["metadata"]["namespace"]
    labels = server["spec"]["template"]["metadata"]["labels"]
    container = server["spec"]["template"]["spec"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}

    def selects(selector):
        return selector and all(labels.get(key) == value for key, value in selector.items())

    if not selects(server["spec"]["selector"]["matchLabels"]):
        yield "the StatefulSet's selector does not match its pods"
    if ("Service", namespace, server["spec"]["serviceName"]) not in made:
        yield f"serviceName {server['spec']['serviceName']} is no Service"
    for thing in things:
        where, spec = f"{thing['kind']}/{thing['metadata']['name']}", thing.get("spec") or {}
        if thing["kind"] == "Service":
            if not selects(spec["selector"]):
                yield f"{where}: selects nothing"
            for port in spec["ports"]:
                if port["targetPort"] not in ports:
                    yield f"{where}: {port['targetPort']} is no port of the container"
            names = {port["targetPort"] for port in spec["ports"]}
            if names != {"push"} and spec.get("type", "ClusterIP") != "ClusterIP":
                yield f"{where}: {names} must not leave the cluster"
        if thing["kind"] in ("PodMonitor", "PodMonitoring", "PodDisruptionBudget") and not selects(
            spec["selector"]["matchLabels"]
        ):
            yield f"{where}: selects nothing"
        if thing["kind"] == "NetworkPolicy":
            if not selects(spec["podSelector"]["matchLabels"]):
                yield f"{where}: selects nothing"
            for rule in spec["ingress"]:
                for port in rule["ports"]:
                    if port["port"] not in ports:
                        yield f"{where}: {port['port']} is no port of the container"
                    if port["port"] == "admin" and not rule.get("from"):
                        yield f"{where}: anyone may reach the admin listener"
        if thing["kind"] == "ServiceMonitor":
            found = [
                port["name"]
                for other in things
                if other["kind"] == "Service"
                and all(other["metadata"]["labels"].get(k) == v for k, v in spec["selector"]["matchLabels"].items())
                for port in other["spec"]["ports"]
            ]
            if found != ["ops"]:
                yield f"{where}: finds the ports {found}"
        for endpoint in spec.get("podMetricsEndpoints", []) + (
            spec.get("endpoints", []) if thing["kind"] == "PodMonitoring" else []
        ):
            if endpoint["port"] != "ops":
                yield f"{where}: {endpoint['port']} has no metrics"
        for path, value in walk(thing):
            if path[-1:] == ("name",) and path[-2:-1] == ("service",):
                backend = made.get(("Service", thing["metadata"]["namespace"], value))
                if not backend or [port["targetPort"] for port in backend["spec"]["ports"]] != ["push"]:
                    yield f"{where}: {value} is not the Service of the push listener"
            if path[-1:] == ("backendRefs",):
                for ref in value:
                    backend = made.get(("Service", thing["metadata"]["namespace"], ref["name"]))
                    if not backend or [(p["port"], p["targetPort"]) for p in backend["spec"]["ports"]] != [(ref["port"], "push")]:
                        yield f"{where}: {ref} is not the Service of the push listener"
            if path[-1:] == ("targetRef",) and ("Service", namespace, value["name"]) not in made:
                yield f"{where}: {value['name']} is no Service"
            is_route = thing["kind"] in ("Ingress", "HTTPRoute") and path[-1:] == ("path",)
            if is_route and (value if isinstance(value, str) else value["value"]) != "/push":
                yield f"{where}: routes {value}, and only /push is the public's"
        annotations = thing["metadata"].get("annotations") or {}
        for annotation, kind in (
            ("networking.gke.io/managed-certificates", "ManagedCertificate"),
            ("networking.gke.io/v1beta1.FrontendConfig", "FrontendConfig"),
        ):
            if annotation in annotations and (kind, namespace, annotations[annotation]) not in made:
                yield f"{where}: there is no {kind} {annotations[annotation]}"
        if "cloud.google.com/backend-config" in annotations:
            name = json.loads(annotations["cloud.google.com/backend-config"])["default"]
            if ("BackendConfig", namespace, name) not in made:
                yield f"{where}: there is no BackendConfig {name}"
        if thing["kind"] in ("BackendConfig", "HealthCheckPolicy"):
            check = spec.get("healthCheck") or next(
                value for key, value in spec["default"]["config"].items() if key.endswith("HealthCheck")
            )
            if (check["requestPath"], check["port"]) != ("/healthz", ports["push"]):
                yield f"{where}: asks {check}, and the push listener answers /healthz on {ports['push']}"
    gke = {thing["kind"] for thing in things}
    for kind, annotation in (
        ("ManagedCertificate", "managed-certificates"),
        ("BackendConfig", "backend-config"),
        ("FrontendConfig", "FrontendConfig"),
    ):
        if kind in gke and not any(annotation in key for thing in things for key in thing["metadata"].get("annotations") or {}):
            yield f"{kind}: nothing refers to it"


def pod_problems(objects):
    """Pod Security `restricted`, a read-only root, and mounts."""
    made = {(thing["kind"], thing["metadata"]["name"]) for _, thing in objects}
    for _, thing in objects:
        spec = pod_of(thing)
        if spec is None:
            continue
        where = f"{thing['kind']}/{thing['metadata']['name']}"
        claims = [claim["metadata"]["name"] for claim in thing["spec"].get("volumeClaimTemplates") or []]
        volumes = [volume["name"] for volume in spec.get("volumes") or []] + claims
        if len(volumes) != len(set(volumes)):
            yield f"{where}: a volume twice: {volumes}"
        for volume in spec.get("volumes") or []:
            name = (volume.get("configMap") or {}).get("name")
            if name and ("ConfigMap", name) not in made and not name.startswith("our-"):
                yield f"{where}: volume {volume['name']}: there is no ConfigMap {name}"
        pod = spec.get("securityContext") or {}
        if thing["kind"] == "StatefulSet":
            if (pod.get("fsGroup"), pod.get("fsGroupChangePolicy")) != (65532, "OnRootMismatch"):
                yield f"{where}: the volume is not the server's to write"
            if claims == [] and not any(volume["name"] == "state" for volume in spec["volumes"]):
                yield f"{where}: there is no volume for the log"
        if (
            pod.get("seccompProfile") != {"type": "RuntimeDefault"}
            or not pod.get("runAsNonRoot")
            or pod.get("runAsUser") != 65532
        ):
            yield f"{where}: security context {pod}"
        for container in (spec.get("initContainers") or []) + spec["containers"]:
            security = container.get("securityContext") or {}
            if security.get("allowPrivilegeEscalation") is not False or security.get("capabilities", {}).get("drop") != ["ALL"]:
                yield f"{where}: container {container['name']}: security context {security}"
            mounts = container.get("volumeMounts") or []
            for mount in mounts:
                if mount["name"] not in volumes:
                    yield f"{where}: container {container['name']} mounts {mount['name']}, which is no volume"
                if "subPath" in mount:
                    yield f"{where}: {mount['mountPath']}: subPath, so changes never arrive"
            paths = [mount["mountPath"] for mount in mounts]
            if len(paths) != len(set(paths)):
                yield f"{where}: two mounts at one path: {paths}"
            if container["name"] == "relaunch":
                if security.get("readOnlyRootFilesystem") is not True:
                    yield f"{where}: the root file system can be written"
                if missing := {"/var/lib/relaunch", "/etc/relaunch/config", "/etc/relaunch/rules", "/etc/relaunch/mapping"} - set(
                    paths
                ):
                    yield f"{where}: nothing is mounted at {missing}"
                if {mount["name"] for mount in mounts if not mount.get("readOnly")} - {"state", "tmp"}:
                    yield f"{where}: mounts that can be written: {mounts}"
                want = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
                config = settings_of(objects)
                listeners = config.get("listeners", {})
                scheme = "HTTPS" if "tls" in listeners.get("ops", {}) else "HTTP"
                for probe, path in want.items():
                    if container[probe].get("httpGet") != {"path": path, "port": "ops", "scheme": scheme}:
                        yield f"{where}: {probe} asks {container[probe].get('httpGet')}"
                ports = {port["name"]: port["containerPort"] for port in container["ports"]}
                for name, default in (("push", 8080), ("ops", 9090), ("admin", 8081)):
                    if name in ports and ports[name] != listeners.get(name, {}).get("port", default):
                        yield f"{where}: {name} listens elsewhere than on {ports[name]}"
                admin = listeners.get("admin", {})
                if ("admin" in ports) != (admin.get("address", "127.0.0.1") != "127.0.0.1"):
                    yield f"{where}: the admin listener's port and its address {admin} do not agree"
                if "tokenFile" in admin and os.path.dirname(admin["tokenFile"]) not in paths:
                    yield f"{where}: {admin['tokenFile']} is not mounted"


def api_calls():
    """The rule that the code needs: its verbs, and the kinds it asks for."""
    source = (ROOT / "Sources/Kubernetes/APICall.swift").read_text()
    verbs = re.search(r"enum Verb[^{]*\{\s*case ([\w, ]+)", source)[1].split(", ")
    source = (ROOT / "Sources/Kubernetes/Resource.swift").read_text()
    kinds = re.findall(r'static let \w+ = Resource\(group: "([\w.]*)", version: "\w+", plural: "(\w+)"', source)
    return {
        "apiGroups": sorted({group for group, _ in kinds}),
        "resources": sorted({kind for _, kind in kinds}),
        "verbs": sorted(verbs),
    }


def right_problems(objects):
    """Roles are what the code calls, and each is bound where it is."""
    things = [thing for _, thing in objects]
    roles = {(thing["kind"], thing["metadata"].get("namespace"), thing["metadata"]["name"]) for thing in things}
    need = api_calls()
    account = next(thing for thing in things if thing["kind"] == "StatefulSet")
    subject = {
        "kind": "ServiceAccount",
        "name": account["spec"]["template"]["spec"]["serviceAccountName"],
        "namespace": account["metadata"]["namespace"],
    }
    bound = set()
    for thing in things:
        where = f"{thing['kind']}/{thing['metadata']['name']}"
        if thing["kind"] in ("Role", "ClusterRole"):
            for rule in thing["rules"]:
                if {key: sorted(value) for key, value in rule.items() if key != "resourceNames"} != need:
                    yield f"{where}: {json.dumps(rule)}, and the code calls {json.dumps(need)}"
        if thing["kind"] in ("RoleBinding", "ClusterRoleBinding"):
            role = (thing["roleRef"]["kind"], thing["metadata"].get("namespace"), thing["roleRef"]["name"])
            bound.add(role)
            if role not in roles:
                yield f"{where}: there is no {role}"
            if thing["subjects"] != [subject]:
                yield f"{where}: bound to {thing['subjects']}, and the pod is {subject}"
    for role in roles - bound:
        if role[0] in ("Role", "ClusterRole"):
            yield f"{role} is bound to nobody"
    made = ("ServiceAccount", subject["namespace"], subject["name"]) in roles
    if not made and subject["name"] != "relaunch":
        yield f"there is no service account {subject['name']}"
    config = settings_of(objects)
    allowed = config["kubernetes"]["namespaces"]
    held = [namespace for kind, namespace, _ in roles if kind == "Role"]
    if any(kind == "ClusterRole" for kind, _, _ in roles):
        if held or allowed != ["*"]:
            yield f"a ClusterRole, and kubernetes.namespaces {allowed}, and Roles in {held}"
    elif held and not set(allowed) <= set(held):
        yield f"kubernetes.namespaces {allowed}, and Roles in {held}"


CHECKS = (name_problems, wiring_problems, pod_problems, right_problems)


def immutable(thing):
    """What the API server refuses to change."""
    spec = thing.get("spec") or {}
    if thing["kind"] == "StatefulSet":
        free = (
            "replicas",
            "template",
            "updateStrategy",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
            "revisionHistoryLimit",
            "ordinals",
        )
        return {key: value for key, value in spec.items() if key not in free}
    return thing.get("roleRef")


def upgrade_problems(folder, chart):
    """The chart against itself with other version numbers, and with other values that people change."""
    with tempfile.TemporaryDirectory() as directory:
        later = helm.Chart.load(helm.package(str(folder), destination=directory, version="99.0.0", app_version="99.0.0"))
        later_values = {
            "image": {"tag": "other"},
            "config": {"workers": 9},
            "rbac": {"scope": "cluster"},
            "replicaCount": 0,
            "podLabels": {"a": "b"},
            "commonLabels": {"c": "d"},
            "service": {"type": "NodePort"},
            "serviceAccount": {"annotations": {"e": "f"}},
        }
        for values in ({}, later_values):
            before, after = render(chart, {}), render(later, values)
            found = {(t["kind"], t["metadata"]["name"]): t for _, t in after}
            for _, thing in before:
                other = found.get((thing["kind"], thing["metadata"]["name"]))
                if other is None and thing["kind"] in ("StatefulSet", "Service", "ServiceAccount"):
                    yield f"an upgrade drops {thing['kind']}/{thing['metadata']['name']}"
                elif other is not None and immutable(thing) != immutable(other):
                    yield f"an upgrade changes what cannot be changed of {thing['kind']}/{thing['metadata']['name']}"


def dependency_problems(folder):
    """A parent adds `global`, and `enabled` where it has a condition."""
    with tempfile.TemporaryDirectory() as directory:
        parent = pathlib.Path(directory)
        shutil.copytree(folder, parent / "charts" / "relaunch")
        dependency = {"name": "relaunch", "version": helm.Chart.load(str(folder)).version, "condition": "relaunch.enabled"}
        (parent / "Chart.yaml").write_text(
            json.dumps({"apiVersion": "v2", "name": "parent", "version": "0.0.1", "dependencies": [dependency]})
        )
        (parent / "values.yaml").write_text(json.dumps({"global": {"site": "x"}, "relaunch": {"enabled": True}}))
        try:
            helm.Chart.load(directory).render({}, name="rel")
        except helm.HelmError as error:
            yield f"it cannot be a dependency: {' '.join(str(error).split())[:300]}"


def refusal_problems(chart):
    """Each bad file is refused with its message, and each guard refuses one."""
    said = []
    for path in sorted((HERE / "bad").glob("*.yaml")):
        wanted = path.read_text().splitlines()[0].removeprefix("# expect: ")
        try:
            render(chart, values_of(path))
        except helm.HelmError as error:
            said.append(" ".join(str(error).split()))
            if wanted not in said[-1]:
                yield f"{path.name}: refused, but not with {wanted!r}: {said[-1][-300:]}"
            continue
        yield f"{path.name}: accepted"
    for message in re.findall(r'fail \(?(?:printf )?"((?:[^"\\]|\\.)*)"', (CHART / "templates/_guards.tpl").read_text()):
        pattern = ".+?".join(re.escape(part) for part in re.split("%(?:s|d|.0f)", message))
        if not any(re.search(pattern, text) for text in said):
            yield f"_guards.tpl: no file in Tests/chart/bad meets this: {message}"


def setting_problems():
    """The schema's names under `config` are those of docs/configuration.md, without those that are the chart's."""
    documented = set()
    for line in (ROOT / "docs/configuration.md").read_text().splitlines():
        if line.startswith("| `"):
            documented.add(line.split("`")[1])
    tls = {name for name in documented if name.startswith("listeners.NAME.")}
    documented -= tls
    documented |= {name.replace("NAME", listener) for name in tls for listener in ("push", "ops", "admin")}
    documented -= {"state", "rules", "mapping", "listeners.admin.tokenFile", "listeners.push.dispatchLog"}
    # These rows speak of a setting as a whole.
    documented -= {"sources.NAME.authentication", "sources.NAME.authentication.keys"}
    schema = json.loads((CHART / "values.schema.json").read_text())

    def names(node, path):
        if "additionalProperties" in node and isinstance(node["additionalProperties"], dict):
            yield from names(node["additionalProperties"], [*path, "NAME"])
        if "items" in node and "properties" in node["items"]:
            yield from names(node["items"], path)
        for key, value in node.get("properties", {}).items():
            if "properties" in value or key in ("sources", "notify"):
                yield from names(value, [*path, key])
            elif key != "true":
                yield ".".join([*path, key])

    known = set(names(schema["properties"]["config"], []))
    for name in sorted(documented - known):
        yield f"values.schema.json: config.{name} is in docs/configuration.md, and the schema does not know it"
    for name in sorted(known - documented):
        yield f"values.schema.json: config.{name} is not in docs/configuration.md"
    for path, node in walk(schema):
        if path[-1:] == ("$ref",) and not str(node).startswith("#/"):
            yield f"values.schema.json: {'.'.join(map(str, path))}: {node} is in another file"


def case_files():
    return [None, *sorted((CHART / "ci").glob("*-values.yaml"))]


def static_problems(folder, kubernetes=KUBERNETES):
    """All that needs neither the server nor promtool, the quickest first."""
    try:
        chart = helm.Chart.load(str(folder))
        for path in case_files():
            label = path.name if path else "defaults"
            for problem in case_problems(folder, chart, values_of(path) if path else {}, kubernetes):
                yield f"{label}: {problem}"
        yield from upgrade_problems(folder, chart)
        yield from dependency_problems(folder)
    except helm.HelmError as error:
        yield " ".join(str(error).split())


def case_problems(folder, chart, values, kubernetes):
    try:
        for release in ("rel", LONG_RELEASE):
            for version in kubernetes:
                objects = render(chart, values, (release, NAMESPACE), version)
                yield from schema_problems(objects, version)
                if version == kubernetes[0]:
                    for check in CHECKS:
                        yield from check(objects)
        for message in helm.lint(str(folder), values, strict=True, namespace=NAMESPACE, kube_version=f"v{kubernetes[-1]}.0")[
            "messages"
        ]:
            if message["severity"] >= 2:
                yield f"lint: {message['path']}: {message['error'].strip()}"
        # The whole way of an installation, notes and the order of objects included.
        config = helm.Config(namespace=NAMESPACE, kubeconfig_content="apiVersion: v1\nkind: Config\n")
        config.install(chart, "rel", copy.deepcopy(values), namespace=NAMESPACE, dry_run="client")
    except (helm.HelmError, yaml.YAMLError, LookupError, TypeError, RuntimeError, AttributeError) as error:
        # A check that stumbles over what is rendered has found something.
        yield f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def mutant_problems(mutants, check):
    """Each single fault must be found, or the check is worth nothing. `check` is given the folder of the chart with the fault."""
    for title, template, old, new in mutants:
        with tempfile.TemporaryDirectory() as directory:
            folder = pathlib.Path(directory) / "relaunch"
            shutil.copytree(CHART, folder)
            text = (folder / template).read_text()
            if old not in text:
                yield f"mutant {title}: {template} has no {old!r} any more; mend Tests/chart/mutants.py"
                continue
            (folder / template).write_text(text.replace(old, new, 1))
            try:
                found = next(iter(check(folder)), None)
            except helm.HelmError as error:
                found = error
            if not found:
                yield f"mutant {title}: nothing found it"


def served_problems(folder):
    cases = rendered_cases(folder)
    yield from ServerChecks(os.environ["RELAUNCH_BINARY"], folder).problems(cases)


def rendered_cases(folder):
    chart = helm.Chart.load(str(folder))
    return {(path.name if path else "defaults"): render(chart, values_of(path) if path else {}) for path in case_files()}


def alert_problems(folder):
    """The alerts as Prometheus reads them, and what they say of given series."""
    promtool = os.environ.get("PROMTOOL")
    objects = render(helm.Chart.load(str(folder)), values_of(CHART / "ci" / "monitoring-values.yaml"))
    specs = {thing["kind"]: thing["spec"] for _, thing in objects if thing["kind"] in ("PrometheusRule", "Rules")}
    if specs["PrometheusRule"] != specs["Rules"]:
        yield "PrometheusRule and Rules say different things"
    names = [rule["alert"] for rule in specs["PrometheusRule"]["groups"][0]["rules"]]
    tests = (HERE / "alerts-test.yaml").read_text()
    for name in names:
        if f"alertname: {name}\n" not in tests:
            yield f"alerts-test.yaml has no test of {name}"
    if not promtool:
        return
    with tempfile.TemporaryDirectory() as directory:
        spec = copy.deepcopy(specs["PrometheusRule"])
        shutil.copy(HERE / "alerts-test.yaml", directory)
        for arguments in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts-test.yaml"]):
            (pathlib.Path(directory) / "alerts.yaml").write_text(yaml.safe_dump(spec))
            done = subprocess.run([promtool, *arguments], cwd=directory, capture_output=True, text=True, timeout=120)
            if done.returncode:
                yield f"promtool {' '.join(arguments)}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
            # A test would have to repeat the words of each.
            for rule in spec["groups"][0]["rules"]:
                rule.pop("annotations", None)


def report(title, problems, began):
    problems = list(dict.fromkeys(problems))
    print(f"{'FAIL' if problems else 'ok  '} {title} ({time.monotonic() - began:.1f} s)", flush=True)
    for problem in problems:
        print(f"     - {problem}", flush=True)
    return bool(problems)


def main(arguments):
    if arguments not in ([], ["--quick"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    print(
        f"Helm {helm.helm_sdk_version()}, Kubernetes {', '.join(KUBERNETES)}, server {os.environ['RELAUNCH_BINARY']}", flush=True
    )
    failed = False
    chart = helm.Chart.load(str(CHART))
    began = time.monotonic()
    failed |= report(f"{len(case_files())} sets of values, upgrade, dependency", static_problems(CHART), began)
    began = time.monotonic()
    failed |= report(
        f"{len(list((HERE / 'bad').glob('*.yaml')))} sets of values that must be refused", refusal_problems(chart), began
    )
    began = time.monotonic()
    failed |= report("the schema has the server's settings", setting_problems(), began)
    began = time.monotonic()
    failed |= report("the server takes what is rendered", served_problems(CHART), began)
    began = time.monotonic()
    failed |= report("alerts" if os.environ.get("PROMTOOL") else "alerts, not run", alert_problems(CHART), began)
    if not arguments and not failed:
        for mutants, check in (
            (MUTANTS, lambda folder: static_problems(folder, KUBERNETES[-1:])),
            (SERVED, served_problems),
            (ALERTS if os.environ.get("PROMTOOL") else [], alert_problems),
        ):
            began = time.monotonic()
            failed |= report(f"{len(mutants)} mutants", mutant_problems(mutants, check), began)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
