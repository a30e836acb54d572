# novita-mock in a container: docker build -t novita-mock . && docker run --rm -p 4077:4077 novita-mock
#
# The base is named by its tag alone: where this was written no registry could be asked for the digest.
# `.github/dependabot.yml` keeps it new, and keeps a digest new once one stands here (python:TAG@sha256:...).
FROM python:3.13-slim-trixie AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# requirements.lock is that of the tests. As constraints it brings the versions and hashes of what is asked
# for and nothing else, so there is no second list to keep; pip reads hashes so from 26.1 on.
RUN python -m venv /build && /build/bin/pip install pip==26.3
WORKDIR /src
COPY requirements.lock ./
RUN /build/bin/pip install --require-hashes -c requirements.lock hatchling
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY fixtures fixtures
COPY contract_tests contract_tests
COPY mock_server mock_server
RUN /build/bin/python -m hatchling build -t wheel -d /dist
# What else the wheel can bring: --build-arg EXTRAS='[s3]' for an S3 service, '[contract]' for `conform`.
ARG EXTRAS=""
RUN python -m venv --without-pip /opt/novita-mock \
    && wheel="$(echo /dist/*.whl)" \
    && hash="$(sha256sum "$wheel")" \
    && echo "novita-mock${EXTRAS} @ file://$wheel --hash=sha256:${hash%% *}" > /dist/wanted.txt \
    && /build/bin/pip --python /opt/novita-mock/bin/python install \
        --require-hashes -c requirements.lock -r /dist/wanted.txt

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="novita-mock" \
      org.opencontainers.image.description="A local double of the Novita AI image API" \
      org.opencontainers.image.licenses="MIT"
COPY --from=builder /opt/novita-mock /opt/novita-mock
# All addresses, in here only: what reaches them is decided by who publishes the port. For the same reason
# the control routes ask for a token: NOVITA_MOCK_CONTROL_TOKEN, or the one that the log tells.
ENV PATH=/opt/novita-mock/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    NOVITA_MOCK_HOST=0.0.0.0
# Nobody: no name, no home, and nothing here that it may write to; --read-only changes nothing.
USER 65532:65532
EXPOSE 4077
# Python answers an interrupt from its first moment; as process 1 it would be deaf to TERM until it serves.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["novita-mock", "healthcheck"]
ENTRYPOINT ["novita-mock"]
CMD ["serve"]
