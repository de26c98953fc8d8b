# Two images from one file. `controller` holds Node.js, the program and nothing else, not even a shell: it is the one that has
# the SSH keys. `node` holds the tools that a node needs, so that the host needs none.
# docs/decisions/0012-chart-and-images.md

# The version that package.json pins for development. Bookworm, since its mkfs makes filesystems that older kernels mount.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim

# The program is JavaScript and the same for all platforms, so it is built once, on the platform of the builder.
FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && node scripts/sbom.ts dist/sbom.spdx.json
# Without this file libselinux takes SELinux for absent, and mount drops the context that kubelet asks for, silently.
RUN mkdir selinux && echo '# The policy is that of the host.' > selinux/config

# Node.js for the platform of the image, of which files are taken and nothing is run: that would need emulation.
FROM ${NODE_IMAGE} AS base

FROM build AS root
RUN --mount=type=bind,from=base,target=/base sh scripts/image/root.sh /base root

FROM scratch AS controller
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rose-csi" \
      org.opencontainers.image.description="Kubernetes CSI driver for the MikroTik ROSE Data Server" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=root /build/root /
COPY --from=build /build/package.json /build/LICENSE /opt/rose-csi/
COPY --from=build /build/dist /opt/rose-csi/dist
COPY --from=build /build/scripts/image/rose-csi /usr/local/bin/
ENV NODE_ENV=production PATH=/usr/local/bin
USER 65532:65532
ENTRYPOINT ["node", "--max-semi-space-size=1", "/opt/rose-csi/dist/main.js"]

FROM ${NODE_IMAGE} AS node
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends e2fsprogs kmod mount util-linux xfsprogs \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/*
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rose-csi" \
      org.opencontainers.image.description="Kubernetes CSI driver for the MikroTik ROSE Data Server" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /build/selinux /etc/selinux
COPY --from=build /build/package.json /build/LICENSE /opt/rose-csi/
COPY --from=build /build/dist /opt/rose-csi/dist
COPY --from=build /build/scripts/image/rose-csi /usr/local/bin/
ENV NODE_ENV=production
USER 0:0
ENTRYPOINT ["node", "--max-semi-space-size=1", "--lite-mode", "--initial-heap-size=4", "/opt/rose-csi/dist/main.js"]
