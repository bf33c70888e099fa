# The image of Relaunch. Its last stage holds no shell and no package manager: the server, the Debian packages whose libraries it
# needs, CA certificates and time zones. scripts/build-image makes the same without Docker, and reads the last stage from here.
#
#   docker build --build-arg VERSION=0.1.0 --build-arg REVISION=$(git rev-parse HEAD) --tag relaunch:0.1.0 .
#
# docs/image.md says what is in it and how a mirror is used.

ARG BUILD_IMAGE=swift:6.3-bookworm

FROM ${BUILD_IMAGE} AS build
ARG DEBIAN_MIRROR=http://deb.debian.org/debian
ARG SECURITY_MIRROR=http://deb.debian.org/debian-security
WORKDIR /src
COPY scripts/install-dependencies scripts/image-files scripts/
RUN scripts/install-dependencies && scripts/image-files debian /image/debian
COPY . .
RUN scripts/build-release && scripts/image-files relaunch /image/relaunch && scripts/image-files check /image/debian

FROM scratch
COPY --from=build /image/debian/ /
COPY --from=build /image/relaunch/ /
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="relaunch" \
      org.opencontainers.image.description="Restarts Kubernetes Deployments when Artifact Registry says that their image was pushed" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/usr/bin
USER 65532:65532
WORKDIR /var/lib/relaunch
# Pushes; metrics and probes. The admin listener is on the loopback interface, on 8081.
EXPOSE 8080 9090
ENTRYPOINT ["/usr/bin/relaunch"]
CMD ["serve", "--config", "/etc/relaunch/relaunch.yaml"]
