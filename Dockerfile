# The operator's image: docker build -t paraset-operator:0.1.0 .
# Another base, such as one from your own registry: --build-arg PYTHON_IMAGE=...
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
RUN python -m venv /opt/paraset
COPY pyproject.toml README.md LICENSE ./
COPY paraset_operator ./paraset_operator
RUN /opt/paraset/bin/pip install --no-cache-dir --disable-pip-version-check . \
    && /opt/paraset/bin/python -m compileall -q /opt/paraset/lib

FROM ${PYTHON_IMAGE}
# Nothing is written at run time, so the root file system may be read-only; /tmp is a mount.
ENV PATH=/opt/paraset/bin:${PATH} PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=build /opt/paraset /opt/paraset
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["paraset"]
CMD ["run"]
