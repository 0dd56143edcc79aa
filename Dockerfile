# The operator's image: `make image`, or docker build -t paraset-operator:0.1.0 .
# Another base, such as one from your own registry: --build-arg PYTHON_IMAGE=... It needs python3 with pip, and no shell.
# Wheels in build/wheels are used where they fit; with --build-arg PIP_NO_INDEX=1 no others are.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ARG PIP_NO_INDEX
WORKDIR /src
COPY LICENSE build/wheel[s] /wheels/
COPY pyproject.toml README.md LICENSE ./
COPY paraset_operator ./paraset_operator
RUN ["python3", "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", "--root-user-action=ignore", \
     "--no-compile", "--no-warn-script-location", \
     "--find-links=/wheels", "--ignore-installed", "--root=/rootfs", "."]
COPY image/rootfs.py ./
RUN ["python3", "rootfs.py", "/rootfs"]

# What the operator needs and nothing else: no shell, no package manager, no pip.
FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ParaSet operator" \
      org.opencontainers.image.description="Fills the free GPU and CPU fragments of a Kubernetes cluster with best-effort pods, and yields first" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /rootfs /
# Nothing is written at run time, so the root file system may be read-only; /tmp is a mount.
ENV PATH=/usr/local/bin:/usr/bin PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["paraset"]
CMD ["run"]
