"""What all tests share: the fixture `local_cluster` (devcluster/pytest_plugin.py)."""

pytest_plugins = ["devcluster.pytest_plugin"]
