"""What the simulated kubelets do: the kwok stages in stages/*.yaml, with a cluster's settings and shared jq expressions
filled in.

kwok picks at random among the stages that match an object, so at most one may: the selectors exclude each other.
"""

from pathlib import Path

from devcluster.settings import ClusterSettings

FOLDER = Path(__file__).parent / "stages"

#: Seconds of a Go duration such as "1m30s", and the number that a Kubernetes quantity such as "500m" or "4Gi" means.
JQ_SECONDS = (
    'def seconds: [scan("([0-9.]+)(ms|h|m|s)") | (.[0] | tonumber) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[.[1]]]'
    " | add // 0;"
)
JQ_QUANTITY = (
    'def quantity: capture("^(?<n>[0-9.]+)(?<u>[a-zA-Z]*)$")'
    ' | (.n | tonumber) * ({"": 1, "m": 0.001, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,'
    ' "Ki": 1024, "Mi": 1048576, "Gi": 1073741824, "Ti": 1099511627776}[.u]);'
)

#: Whether a pod is asked for other resources than it has.
DIFFERS = "([.spec.containers[].resources // {}] != [.status.containerStatuses[]?.resources // {}]) | tostring"

#: Whether it is asked for more of something, and is to have that refused.
GROWTH_REFUSED = (
    JQ_QUANTITY
    + ' (.metadata.annotations["devcluster.paraset.io/failure"] // "" | IN("resize-deferred", "resize-infeasible"))'
    " and ([.spec.containers[].resources.requests // {}] as $want"
    " | [.status.containerStatuses[]?.resources.requests // {}] as $have"
    " | any(range($have | length) as $i | $want[$i] | to_entries[]"
    ' | (.value | quantity) > ($have[$i][.key] // "0" | quantity); .)) | tostring'
)


def manifests(settings: ClusterSettings) -> str:
    """All stages as one YAML stream."""
    text = "---\n".join(path.read_text() for path in sorted(FOLDER.glob("*.yaml")))
    filled = {
        "@DIFFERS@": DIFFERS,
        "@GROWTH_REFUSED@": GROWTH_REFUSED,
        "@EXIT@": exit_delay(settings.exit_seconds),
        "@RESIZE_MILLISECONDS@": str(round(settings.resize_seconds * 1000)),
    }
    for placeholder, value in filled.items():
        text = text.replace(placeholder, value)
    return text


def exit_delay(default_seconds: float) -> str:
    """A jq expression for how long a terminating pod still takes to exit, as a Go duration.

    The deletion timestamp is the time of the DELETE plus the grace period, cut to whole seconds. In the first second
    the time that has passed is therefore taken to be none; from then on a pod that is changed while it terminates does
    not start anew.
    """
    return (
        JQ_SECONDS + " . as $pod | ($pod.metadata.deletionGracePeriodSeconds // 0) as $grace"
        ' | ($pod.metadata.annotations["pod-delete.stage.kwok.x-k8s.io/delay"]'
        f" | if . then seconds else {default_seconds:g} end) as $asked"
        " | ([$asked, $grace] | min) as $exit"
        " | (now - ($pod.metadata.deletionTimestamp | fromdateiso8601) + $grace) as $passed"
        " | (if $passed < 1 then $exit else [$exit - $passed, 0] | max end)"
        ' | "\\(. * 1000 | floor)ms"'
    )
