"""Objects that are good, and what makes them bad: one table for the models and for the API server's rules.

A case says where the object is changed, to what, which field the answer has to name, and a word of the remedy. `where`
is only for rules that one side alone can keep.
"""

import copy
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Path = tuple[str | int, ...]
GONE = object()

PARASET: Json = {
    "apiVersion": "paraset.io/v1alpha1",
    "kind": "ParaSet",
    "metadata": {"name": "trainer", "namespace": "default"},
    "spec": {
        "replicas": 200,
        "shapes": [
            {
                "name": "gpu",
                "fixed": {"nvidia.com/gpu": 1},
                "elastic": {
                    "cpu": {"min": "1", "max": "8", "growthValue": 4},
                    "memory": {"min": "4Gi", "max": "32Gi"},
                },
                "value": 10,
                "env": [{"name": "DEVICE", "value": "cuda"}],
            },
            {"name": "cpu", "elastic": {"cpu": {"min": 1, "max": "16"}}, "fixed": {"memory": "2Gi"}},
        ],
        "yield": {"gracePeriodSeconds": 10, "checkpointIntervalSeconds": 300},
        "behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}]}},
        "budgets": [{"value": "10%", "schedule": "0 9 * * 1-5", "duration": "8h"}, {"value": 1}],
        "template": {
            "metadata": {"labels": {"team": "research"}},
            "spec": {
                "serviceAccountName": "default",
                "initContainers": [{"name": "fetch", "image": "busybox:1.37"}],
                "containers": [{"name": "worker", "image": "busybox:1.37"}, {"name": "side", "image": "busybox:1.37"}],
            },
        },
    },
}

FILL_POLICY: Json = {
    "apiVersion": "paraset.io/v1alpha1",
    "kind": "FillPolicy",
    "metadata": {"name": "default"},
    "spec": {
        "nodeSelector": {"matchLabels": {"pool": "shared"}},
        "reserve": {"cpu": "500m", "memory": "5%", "nvidia.com/gpu": 0},
        "headroom": [{"name": "inference", "resources": {"nvidia.com/gpu": 1, "cpu": "8"}, "copies": 2}],
        "tenants": [
            {"namespace": "research", "weight": 2, "limits": {"cpu": "100"}},
            {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["a"]}]}},
        ],
        "announced": {
            "suspendedJobs": True,
            "windows": [
                {
                    "name": "rush",
                    "schedule": "0 8 * * 1-5",
                    "duration": "1h30m",
                    "leadSeconds": 120,
                    "resources": {"nvidia.com/gpu": 1, "cpu": "8"},
                    "copies": 4,
                    "nodeSelector": {"matchLabels": {"pool": "shared"}},
                }
            ],
        },
        "pacing": {"coolDownSeconds": 30},
    },
}


@dataclass(frozen=True)
class Case:
    """One change of a good object that makes it bad, or keeps it good where `field` is empty."""

    name: str
    path: Path
    value: Any
    field: str = ""
    says: str = ""
    where: str = "both"


SHAPE: Path = ("spec", "shapes", 0)
POD: Path = ("spec", "template", "spec")
FIRST: Path = (*POD, "containers", 0)
NO_HOST = "no access to the host"

BAD: list[Case] = [
    Case("no spec", ("spec",), GONE, "spec", "equired"),
    Case("no shapes", ("spec", "shapes"), [], "spec.shapes", "at least 1"),
    Case("no template", ("spec", "template"), GONE, "spec.template", "equired"),
    Case("template is text", ("spec", "template"), "pod", "spec.template"),
    Case("name too long", ("metadata", "name"), "a" * 53, "metadata.name", "52"),
    Case("name with a dot", ("metadata", "name"), "a.b", "metadata.name"),
    Case("negative replicas", ("spec", "replicas"), -1, "spec.replicas", "greater than or equal to 0"),
    Case("text replicas", ("spec", "replicas"), "3", "spec.replicas", "integer"),
    Case("fraction of a replica", ("spec", "replicas"), 1.5, "spec.replicas", "integer"),
    Case("huge replicas", ("spec", "replicas"), 10**12, "spec.replicas"),
    Case("negative minReplicas", ("spec", "minReplicas"), -1, "spec.minReplicas"),
    Case("weight 0", ("spec", "weight"), 0, "spec.weight"),
    Case("weight 10^9", ("spec", "weight"), 10**9, "spec.weight", "1000"),
    Case("suspend as text", ("spec", "suspend"), "yes", "spec.suspend", "boolean"),
    Case("unknown container", ("spec", "container"), "nobody", "spec.container", "template.spec.containers"),
    Case("two shapes of one name", ("spec", "shapes", 1, "name"), "gpu", "spec.shapes[1]", "Duplicate value"),
    Case(
        "thousands of shapes",
        ("spec", "shapes"),
        [{"name": f"s{index}", "fixed": {"cpu": 1}} for index in range(3000)],
        "spec.shapes",
        "at most 64",
    ),
    Case("shape name with a capital", (*SHAPE, "name"), "GPU", "spec.shapes[0].name"),
    Case("shape name in unicode", (*SHAPE, "name"), "größe", "spec.shapes[0].name"),
    Case("shape without a name", (*SHAPE, "name"), GONE, "spec.shapes[0].name", "equired"),
    Case("value 0", (*SHAPE, "value"), 0, "spec.shapes[0].value", "more than 0"),
    Case("value beyond all", (*SHAPE, "value"), 1e30, "spec.shapes[0].value"),
    Case("negative growth", (*SHAPE, "elastic", "cpu", "growthValue"), -1, "cpu", "greater than or equal to 0"),
    Case("min is no quantity", (*SHAPE, "elastic", "cpu", "min"), "one", "cpu", "such as 500m"),
    Case("max is no quantity", (*SHAPE, "elastic", "memory", "max"), "32 GB", "memory", "such as 500m"),
    Case("max is missing", (*SHAPE, "elastic", "memory", "max"), GONE, "memory", "equired"),
    Case("quantity in unicode", (*SHAPE, "elastic", "cpu", "min"), "\uff11", "cpu", "such as 500m"),
    Case("quantity as a fraction", (*SHAPE, "elastic", "cpu", "min"), 0.5, "cpu"),
    Case("quantity as a switch", (*SHAPE, "elastic", "cpu", "min"), True, "cpu"),
    Case("negative quantity", (*SHAPE, "elastic", "cpu", "min"), "-1", "cpu", "such as 500m"),
    Case("huge quantity", (*SHAPE, "elastic", "memory", "max"), "9000E", "memory", "1E"),
    Case("long quantity", (*SHAPE, "elastic", "memory", "max"), "1" * 40, "memory"),
    Case("huge exponent", (*SHAPE, "elastic", "memory", "max"), "1e99999999999", "memory"),
    Case("cpu min above max", (*SHAPE, "elastic", "cpu", "min"), "9", "cpu", "at least min"),
    Case("memory min above max", (*SHAPE, "elastic", "memory", "min"), "33Gi", "memory", "at least min"),
    Case("units compared as numbers", (*SHAPE, "elastic", "cpu", "max"), "900m", "cpu", "at least min"),
    Case("elastic min 0", (*SHAPE, "elastic", "cpu", "min"), "0", "cpu", "more than 0"),
    Case("elastic gpu", (*SHAPE, "elastic", "amd.com/gpu"), {"min": 1, "max": 2}, "spec.shapes[0].elastic", "in place"),
    Case("half a gpu", (*SHAPE, "fixed", "nvidia.com/gpu"), "500m", "spec.shapes[0].fixed", "whole numbers"),
    Case("no gpu", (*SHAPE, "fixed", "nvidia.com/gpu"), 0, "spec.shapes[0].fixed", "more than 0"),
    Case("a gpu that is no number", (*SHAPE, "fixed", "nvidia.com/gpu"), "all", "nvidia.com/gpu", "such as 500m"),
    Case("resource without a domain", (*SHAPE, "fixed", "gpu"), 1, "spec.shapes[0].fixed", "nvidia.com/gpu"),
    Case("pods as a resource", (*SHAPE, "fixed", "pods"), 1, "spec.shapes[0].fixed", "no resource"),
    Case("fixed and elastic", (*SHAPE, "fixed", "cpu"), 1, "spec.shapes[0]", "keep one"),
    Case("neither cpu nor memory", (*SHAPE, "elastic"), GONE, "spec.shapes[0]", "cpu or memory"),
    Case(
        "seventeen devices",
        (*SHAPE, "fixed"),
        {f"d.io/n{index}": 1 for index in range(17)},
        "spec.shapes[0].fixed",
        "at most 16",
    ),
    Case("env twice", (*SHAPE, "env"), [{"name": "A"}, {"name": "A"}], "spec.shapes[0].env[1]", "Duplicate value"),
    Case("env name with a space", (*SHAPE, "env", 0, "name"), "A B", "spec.shapes[0].env[0].name"),
    Case("env value is a number", (*SHAPE, "env", 0, "value"), 1, "spec.shapes[0].env[0].value", "string"),
    Case("env value too long", (*SHAPE, "env", 0, "value"), "x" * 5000, "spec.shapes[0].env[0].value", "4096"),
    Case("grace of an hour", ("spec", "yield", "gracePeriodSeconds"), 3600, "spec.yield.gracePeriodSeconds"),
    Case("checkpoint every 0 s", ("spec", "yield", "checkpointIntervalSeconds"), 0, "checkpointIntervalSeconds"),
    Case("unknown selectPolicy", ("spec", "behavior", "scaleUp", "selectPolicy"), "Most", "selectPolicy", "Max"),
    Case("policy of 0 pods", ("spec", "behavior", "scaleUp", "policies", 0, "value"), 0, "policies[0].value"),
    Case("budget of 101%", ("spec", "budgets", 0, "value"), "101%", "spec.budgets[0].value", "percentage"),
    Case("budget of a few", ("spec", "budgets", 0, "value"), "few", "spec.budgets[0].value", "percentage"),
    Case("budget of -1", ("spec", "budgets", 1, "value"), -1, "spec.budgets[1].value", "percentage"),
    Case("schedule alone", ("spec", "budgets", 0, "duration"), GONE, "spec.budgets[0]", "set both or none"),
    Case("duration alone", ("spec", "budgets", 0, "schedule"), GONE, "spec.budgets[0]", "set both or none"),
    Case("schedule is no cron", ("spec", "budgets", 0, "schedule"), "at nine", "spec.budgets[0].schedule"),
    Case("schedule never comes", ("spec", "budgets", 0, "schedule"), "99 9 * * *", "schedule", "cron", where="model"),
    Case("schedule by a nickname", ("spec", "budgets", 0, "schedule"), "@daily", "spec.budgets[0].schedule"),
    Case("duration is no duration", ("spec", "budgets", 0, "duration"), "8 hours", "spec.budgets[0].duration"),
    Case("budget for LS work", ("spec", "budgets", 0, "reasons"), ["Yield"], "spec.budgets[0].reasons[0]", "Drain"),
    Case("no containers", (*POD, "containers"), [], "spec.template.spec.containers", "at least 1"),
    Case("no pod spec", POD, GONE, "spec.template.spec", "equired"),
    Case("containers of one name", (*POD, "containers", 1, "name"), "worker", "containers[1]", "Duplicate value"),
    Case("node name", (*POD, "nodeName"), "node-1", "spec.template.spec.nodeName", "nodeSelector"),
    Case("another scheduler", (*POD, "schedulerName"), "mine", "spec.template.spec.schedulerName", "default-scheduler"),
    Case(
        "another priority class", (*POD, "priorityClassName"), "system-node-critical", "priorityClassName", "remove it"
    ),
    Case("priority", (*POD, "priority"), 1, "spec.template.spec.priority", "remove it"),
    Case("preemption policy", (*POD, "preemptionPolicy"), "PreemptLowerPriority", "preemptionPolicy", "remove it"),
    Case("host network", (*POD, "hostNetwork"), True, "spec.template.spec.hostNetwork", NO_HOST),
    Case("host PIDs", (*POD, "hostPID"), True, "spec.template.spec.hostPID", NO_HOST),
    Case("host IPC", (*POD, "hostIPC"), True, "spec.template.spec.hostIPC", NO_HOST),
    Case("host path", (*POD, "volumes"), [{"name": "v", "hostPath": {"path": "/"}}], "volumes[0].hostPath", NO_HOST),
    Case("empty host path", (*POD, "volumes"), [{"name": "v", "hostPath": {}}], "volumes[0].hostPath", NO_HOST),
    Case("host port", (*FIRST, "ports"), [{"containerPort": 80, "hostPort": 80}], "ports[0].hostPort", "remove it"),
    Case("privileged", (*FIRST, "securityContext"), {"privileged": True}, "securityContext.privileged", NO_HOST),
    Case(
        "privileged init container",
        (*POD, "initContainers", 0, "securityContext"),
        {"privileged": True},
        "initContainers[0].securityContext.privileged",
        NO_HOST,
    ),
    Case(
        "ephemeral container",
        (*POD, "ephemeralContainers"),
        [{"name": "e", "image": "busybox:1.37", "securityContext": {"privileged": True}}],
        "spec.template.spec.ephemeralContainers",
        "remove it",
    ),
    Case(
        "SYS_ADMIN", (*FIRST, "securityContext"), {"capabilities": {"add": ["SYS_ADMIN"]}}, "capabilities.add", "only"
    ),
    Case("bare proc", (*FIRST, "securityContext"), {"procMount": "Unmasked"}, "procMount", "Default"),
    Case(
        "no seccomp",
        (*POD, "securityContext"),
        {"seccompProfile": {"type": "Unconfined"}},
        "securityContext.seccompProfile.type",
        "RuntimeDefault",
    ),
    Case(
        "host process",
        (*POD, "securityContext"),
        {"windowsOptions": {"hostProcess": True}},
        "windowsOptions.hostProcess",
        NO_HOST,
    ),
    Case(
        "kernel parameter",
        (*POD, "securityContext"),
        {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]},
        "sysctls[0].name",
        "remove it",
    ),
    Case("resource claims", (*POD, "resourceClaims"), [{"name": "gpu"}], "spec.template.spec.resourceClaims", "fixed"),
    Case("pod resources", (*POD, "resources"), {"requests": {"cpu": 1}}, "spec.template.spec.resources", "spec.shapes"),
    Case("scheduling gates", (*POD, "schedulingGates"), [{"name": "wait"}], "schedulingGates", "spec.suspend"),
    Case("overhead", (*POD, "overhead"), {"cpu": 1}, "spec.template.spec.overhead", "RuntimeClass"),
    Case("node selector is text", (*POD, "nodeSelector"), "ssd", "spec.template.spec.nodeSelector"),
    Case("node selector of numbers", (*POD, "nodeSelector"), {"disk": 1}, "disk", "string"),
    Case("affinity is a list", (*POD, "affinity"), [], "spec.template.spec.affinity"),
    Case(
        "affinity to no term",
        (*POD, "affinity"),
        {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}},
        "nodeSelectorTerms",
        "at least 1",
    ),
    Case("toleration is text", (*POD, "tolerations"), ["all"], "spec.template.spec.tolerations[0]"),
    Case("toleration of a number", (*POD, "tolerations"), [{"key": 1}], "tolerations[0].key", "string"),
    Case("env is a map", (*FIRST, "env"), {"A": "1"}, "spec.template.spec.containers[0].env"),
    Case("requests of the shape", (*FIRST, "resources"), {"requests": {"cpu": 1}}, "spec.template", "requests"),
    Case("limits of the shape", (*FIRST, "resources"), {"limits": {"nvidia.com/gpu": 1}}, "spec.template", "limits"),
    Case("request is no quantity", (*FIRST, "resources"), {"requests": {"d.io/x": "?"}}, "requests", "such as 500m"),
]

GOOD: list[Case] = [
    Case("as it is", ("spec", "replicas"), 200),
    Case("nothing at all", ("spec", "replicas"), 0),
    Case("most replicas", ("spec", "replicas"), 1_000_000),
    Case("more minReplicas than replicas", ("spec", "minReplicas"), 500),
    Case("default replicas", ("spec", "replicas"), GONE),
    Case("null replicas", ("spec", "replicas"), None),
    Case("longest name", ("metadata", "name"), "a" * 52),
    Case("most shapes", ("spec", "shapes"), [{"name": f"s{i}", "fixed": {"cpu": 1}} for i in range(64)]),
    Case("second container", ("spec", "container"), "side"),
    Case("min equals max", (*SHAPE, "elastic", "cpu", "min"), "8000m"),
    Case("null device", (*SHAPE, "fixed", "nvidia.com/gpu"), None),
    Case("quantity with an exponent", (*SHAPE, "elastic", "memory", "max"), "1e12"),
    Case("quantity with a fraction", (*SHAPE, "elastic", "cpu", "max"), "7.5"),
    Case("largest quantity", (*SHAPE, "elastic", "memory", "max"), "1E"),
    Case("gpus as text", (*SHAPE, "fixed", "nvidia.com/gpu"), "8"),
    Case("small value", (*SHAPE, "value"), 0.001),
    Case("env in unicode", (*SHAPE, "env", 0, "value"), "größer 🚀"),
    Case("monthly budget", ("spec", "budgets", 0, "schedule"), "0 0 L * *"),
    Case("budget of 0", ("spec", "budgets", 1, "value"), 0),
    Case("our priority class", (*POD, "priorityClassName"), "paraset-filler"),
    Case("default scheduler", (*POD, "schedulerName"), "default-scheduler"),
    Case("host network off", (*POD, "hostNetwork"), False),
    Case("empty volume", (*POD, "volumes"), [{"name": "v", "emptyDir": {}}]),
    Case("baseline capability", (*FIRST, "securityContext"), {"capabilities": {"add": ["CHOWN"], "drop": ["ALL"]}}),
    Case("sidecar with requests", (*POD, "containers", 1, "resources"), {"requests": {"cpu": "100m"}}),
    Case("resources beside the shape's", (*FIRST, "resources"), {"requests": {"ephemeral-storage": "1Gi"}}),
    Case(
        "nulls in the template",
        (*POD, "containers", 0),
        {"name": "worker", "resources": None, "env": None, "ports": None},
    ),
    Case(
        "affinity",
        (*POD, "affinity"),
        {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]
                },
                "preferredDuringSchedulingIgnoredDuringExecution": [],
            }
        },
    ),
    Case("own fields", (*POD, "nodeSelector"), {"disk": "ssd"}),
]

WINDOW: Path = ("spec", "announced", "windows", 0)
HEADROOM: Path = ("spec", "headroom", 0)
AUTO: Json = {"name": "inference", "resources": {"cpu": "8"}, "copies": "auto"}

POLICY_BAD: list[Case] = [
    Case("announced as text", ("spec", "announced", "jobs"), "yes", "spec.announced.jobs", "boolean"),
    Case("no time at all", ("spec", "announced", "timeoutSeconds"), 0, "spec.announced.timeoutSeconds"),
    Case("window is no cron", (*WINDOW, "schedule"), "at eight", "spec.announced.windows[0].schedule"),
    Case("window never comes", (*WINDOW, "schedule"), "99 8 * * *", "schedule", "cron", where="model"),
    Case("window without an end", (*WINDOW, "duration"), GONE, "spec.announced.windows[0].duration", "equired"),
    Case("window of nothing", (*WINDOW, "resources"), {}, "spec.announced.windows[0].resources", "at least 1"),
    Case("negative lead", (*WINDOW, "leadSeconds"), -1, "spec.announced.windows[0].leadSeconds"),
    Case(
        "window twice",
        ("spec", "announced", "windows"),
        [{"name": "a", "schedule": "0 8 * * *", "duration": "1h", "resources": {"cpu": 1}}] * 2,
        "windows[1]",
        "Duplicate",
    ),
    Case("unknown mode", ("spec", "mode"), "Dry", "spec.mode", "Observe"),
    Case("reserve of 200%", ("spec", "reserve", "cpu"), "200%", "spec.reserve", "percentage"),
    Case("reserve of some", ("spec", "reserve", "cpu"), "some", "spec.reserve", "percentage"),
    Case("negative reserve", ("spec", "reserve", "cpu"), "-1", "spec.reserve", "percentage"),
    Case("lsPriority at the fillers'", ("spec", "lsPriority"), -100_000_000, "spec.lsPriority"),
    Case(
        "headroom twice", ("spec", "headroom"), [{"name": "a", "resources": {"cpu": 1}}] * 2, "headroom[1]", "Duplicate"
    ),
    Case("headroom of nothing", ("spec", "headroom", 0, "resources"), {}, "headroom[0].resources", "at least 1"),
    Case("negative copies", ("spec", "headroom", 0, "copies"), -1, "spec.headroom[0].copies"),
    Case("huge copies", (*HEADROOM, "copies"), 10**12, "spec.headroom[0].copies", "whole number"),
    Case("copies as a text", (*HEADROOM, "copies"), "3", "spec.headroom[0].copies", "auto"),
    Case("copies by another word", (*HEADROOM, "copies"), "all", "spec.headroom[0].copies", "auto"),
    Case("half a copy", (*HEADROOM, "copies"), 1.5, "spec.headroom[0].copies"),
    Case("copies as a switch", (*HEADROOM, "copies"), True, "spec.headroom[0].copies"),
    Case("rules for a number of copies", (*HEADROOM, "auto"), {"cap": 2}, "spec.headroom[0].auto", "remove it"),
    Case("floor above cap", HEADROOM, AUTO | {"auto": {"floor": 17}}, "spec.headroom[0].auto.cap", "at least floor"),
    Case("percentile of 100", HEADROOM, AUTO | {"auto": {"percentile": 100}}, "auto.percentile", "99.9"),
    Case("percentile of 20", HEADROOM, AUTO | {"auto": {"percentile": 20}}, "auto.percentile", "50"),
    Case("window of no hour", HEADROOM, AUTO | {"auto": {"windowHours": 0}}, "spec.headroom[0].auto.windowHours"),
    Case("window of a month", HEADROOM, AUTO | {"auto": {"windowHours": 720}}, "auto.windowHours", "168"),
    Case("negative floor", HEADROOM, AUTO | {"auto": {"floor": -1}}, "spec.headroom[0].auto.floor"),
    Case("huge cap", HEADROOM, AUTO | {"auto": {"cap": 257}}, "spec.headroom[0].auto.cap", "256"),
    Case("auto as a switch", HEADROOM, AUTO | {"auto": True}, "spec.headroom[0].auto"),
    Case("grace of an hour", ("spec", "maxGracePeriodSeconds"), 3600, "spec.maxGracePeriodSeconds"),
    Case("tenant by nothing", ("spec", "tenants", 0, "namespace"), GONE, "spec.tenants[0]", "either"),
    Case("tenant by both", ("spec", "tenants", 1, "namespace"), "a", "spec.tenants[1]", "either"),
    Case("tenant weight", ("spec", "tenants", 0, "weight"), 10**6, "spec.tenants[0].weight", "1000"),
    Case("tenant limit", ("spec", "tenants", 0, "limits", "cpu"), "much", "spec.tenants[0].limits", "such as 500m"),
    Case("cool-down above its end", ("spec", "pacing", "coolDownSeconds"), 700, "coolDownMaxSeconds", "at least"),
    Case("back-off above its end", ("spec", "pacing", "backOffSeconds"), 700, "backOffMaxSeconds", "at least"),
    Case(
        "requirement without values",
        ("spec", "nodeSelector", "matchExpressions"),
        [{"key": "a", "operator": "In"}],
        "matchExpressions[0].values",
        "need values",
    ),
    Case(
        "label that is none",
        ("spec", "nodeSelector", "matchLabels"),
        {"a": "b c"},
        "spec.nodeSelector.matchLabels",
    ),
    Case("toleration of nothing", ("spec", "tolerations"), [{"value": "x"}], "spec.tolerations[0].key", "needs a key"),
    Case(
        "toleration with a value",
        ("spec", "tolerations"),
        [{"key": "a", "operator": "Exists", "value": "x"}],
        "spec.tolerations[0].value",
        "remove it",
    ),
]

POLICY_GOOD: list[Case] = [
    Case("as it is", ("spec", "mode"), "Auto"),
    Case("observe", ("spec", "mode"), "Observe"),
    Case("empty", ("spec",), {}),
    Case("no tolerations", ("spec", "tolerations"), []),
    Case("no pacing", ("spec", "pacing"), {}),
    Case("nothing announced", ("spec", "announced"), {}),
    Case("no copies", (*HEADROOM, "copies"), 0),
    Case("most copies", (*HEADROOM, "copies"), 100_000),
    Case("copies that are learned", HEADROOM, AUTO),
    Case("copies learned by rules", HEADROOM, AUTO | {"auto": {"percentile": 99.9, "windowHours": 1, "cap": 256}}),
    Case("floor and cap as one", HEADROOM, AUTO | {"auto": {"floor": 2, "cap": 2}}),
]


def changed(base: Json, case: Case) -> Json:
    """Return a copy of `base` with the case's change."""
    result = copy.deepcopy(base)
    *parents, last = case.path
    below: Any = result
    for part in parents:
        below = below[part] if isinstance(below, list) else below.setdefault(part, {})
    if case.value is GONE:
        del below[last]
    else:
        below[last] = case.value
    return result
