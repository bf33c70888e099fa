"""Writes the rights that the chart gives, as JSON, for tests with a real API server: usage: roles.py FILE

They are those of release `relaunch` in namespace `relaunch`, which may restart Deployments in `default`.
"""

import json
import pathlib
import sys

import helm_python as helm
from check import CHART, render

RIGHTS = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")

values = {"rbac": {"scope": "namespaces", "namespaces": ["default"]}}
objects = render(helm.Chart.load(str(CHART)), values, ("relaunch", "relaunch"))
pathlib.Path(sys.argv[1]).write_text(json.dumps([thing for _, thing in objects if thing["kind"] in RIGHTS], indent=1) + "\n")
