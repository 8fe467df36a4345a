// Checks custom resources against the published models: `node models.mjs FOLDER <resources.json`, where FOLDER has
// node_modules. Prints one line for each mistake. Models let unknown fields pass, so those that no model reads are found by
// watching what it reads.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const MODELS = {
  "argoproj.io/v1alpha1": ["argo-workflows", "ComGithubArgoprojArgoWorkflowsV4PkgApisWorkflowV1alpha1"],
  "monitoring.coreos.com/v1": ["prometheus-operator", "ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoringV1"],
};

async function validator(resource) {
  const [name, prefix] = MODELS[resource.apiVersion];
  const file = `${process.argv[2]}/node_modules/@kubernetes-models/${name}/_schemas/${prefix}${resource.kind}.js`;
  return (await import(pathToFileURL(file))).validate;
}

function watched(value, path, unread) {
  if (value === null || typeof value !== "object") return value;
  for (const key of Object.keys(value)) unread.add(`${path}/${key}`);
  return new Proxy(value, {
    get(target, key) {
      if (typeof key !== "string" || !Object.hasOwn(target, key) || key === "length") return target[key];
      unread.delete(`${path}/${key}`);
      return watched(target[key], `${path}/${key}`, unread);
    },
  });
}

// Fields that hold anything, so that a model reads them no further
const FREE = /\/metadata\/|\/(?:labels|annotations|nodeSelector|matchLabels)\//;

for (const resource of JSON.parse(readFileSync(0, "utf8"))) {
  const unread = new Set();
  const validate = await validator(resource);
  const place = `${resource.kind} ${resource.metadata.name ?? resource.metadata.generateName}`;
  if (!validate(watched(resource, "", unread)))
    for (const error of validate.errors) console.log(`${place}: ${error.instancePath}: ${error.keyword} ${JSON.stringify(error.params)}`);
  for (const path of unread) if (!FREE.test(path)) console.log(`${place}: ${path}: no such field`);
}
