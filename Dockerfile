FROM node:24-bookworm-slim AS build
WORKDIR /ao
COPY . .
# A registry behind a proxy of one's own: `docker build --secret id=ca,src=<certificates.pem>`.
RUN --mount=type=secret,id=ca \
    NODE_EXTRA_CA_CERTS=$([ -f /run/secrets/ca ] && echo /run/secrets/ca) \
    npm ci --no-audit --no-fund \
 && npm run build \
 && npm prune --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/node-linux-* node_modules/.bin/node

FROM node:24-bookworm-slim
COPY --from=build /ao /ao
RUN mkdir /state && chown node /state
USER node
VOLUME /state
EXPOSE 4000 4002 4003 4004
CMD ["node", "/ao/packages/cli/bin/ao.mjs", "network", "start", "--directory", "/state", "--host", "0.0.0.0"]
