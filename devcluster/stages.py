from pathlib import Path
from devcluster.settings import ClusterSettings


def manifests(settings: ClusterSettings) -> str:
    return Path(__file__).with_name("stages.yaml").read_text()
