"""What is written into and from the Helm chart `charts/paraset`: its README and schema, and deploy/install.yaml.

`python -m chart_tools write` writes it all anew, `python -m chart_tools check` says what is not current.
"""
