# Two images: `unit` holds the servers (the command says which one runs), `tools` the `ao` command besides.

FROM node:24-bookworm-slim AS manifests
WORKDIR /ao
COPY package.json package-lock.json .npmrc ./
COPY packages packages
COPY servers servers
RUN find packages servers -type f ! -name package.json ! -path '*/bin/*' -delete \
 && find packages servers -type d -empty -delete

# Only another manifest installs anew.
FROM node:24-bookworm-slim AS installed
WORKDIR /ao
COPY --from=manifests /ao ./
# A registry behind a proxy of one's own: `docker build --secret id=ca,src=<certificates.pem>`.
RUN --mount=type=secret,id=ca \
    NODE_EXTRA_CA_CERTS=$([ -f /run/secrets/ca ] && echo /run/secrets/ca) \
    npm ci --no-audit --no-fund

FROM installed AS built
COPY tsconfig.base.json turbo.json ./
COPY packages packages
COPY servers servers
RUN npm run build \
 && find packages servers -depth \
    \( -name src -o -name test -o -name node_modules -o -name .turbo -o -name '*.d.ts' \) -exec rm -rf {} +

FROM installed AS tools-installed
RUN npm prune --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/better-sqlite3/deps node_modules/better-sqlite3/src

FROM tools-installed AS units-installed
RUN rm -rf packages/cli packages/network packages/conformance \
 && npm prune --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/node-linux-* node_modules/.bin/node

FROM node:24-bookworm-slim AS tools
ENV NODE_ENV=production
WORKDIR /ao
COPY --from=tools-installed /ao ./
COPY --from=built /ao/packages packages
COPY --from=built /ao/servers servers
# A volume takes over the owner of the folder it is mounted at.
RUN mkdir -p /state /units/su /units/mu /units/cu && chown node /state /units/*
USER node
ENTRYPOINT ["node", "/ao/packages/cli/bin/ao.mjs"]

FROM node:24-bookworm-slim AS unit
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /ao
COPY --from=units-installed /ao ./
COPY --from=built /ao/packages/core packages/core
COPY --from=built /ao/packages/server-kit packages/server-kit
COPY --from=built /ao/servers servers
COPY deploy/healthcheck.sh deploy/
RUN mkdir /data && chown node /data
USER node
HEALTHCHECK --interval=5s --timeout=10s --start-period=120s --retries=6 CMD ["deploy/healthcheck.sh"]
