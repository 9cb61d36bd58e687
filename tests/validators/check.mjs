// Checks documents of Kubernetes and of what reads like them: `node --input-type=module - FILE... < check.mjs`, in a folder
// with the packages of package.json. Prints what is wrong as JSON, one entry for each document.
//
// Each object passes the validator of its kind, which comes from its CRD and lets unknown fields pass, and the type of its
// kind, which TypeScript compares with a literal and which knows each field. Where a package has no such kind, and where
// its type says no more than `object`, a schema of schemas.json says which fields are documented.

import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

/// Which package has the kinds of a group.
const PACKAGES = {
  "": "kubernetes-models",
  apps: "kubernetes-models",
  autoscaling: "kubernetes-models",
  "argoproj.io": "@kubernetes-models/argo-rollouts",
  "extensions.istio.io": "@kubernetes-models/istio",
  "gateway.envoyproxy.io": "@kubernetes-models/envoy-gateway",
  "keda.sh": "@kubernetes-models/keda",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
  "networking.istio.io": "@kubernetes-models/istio",
};

const [schemasFile, ...files] = process.argv.slice(2);
const schemas = JSON.parse(readFileSync(schemasFile, "utf8"));
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false });
const validators = schemas.map(({ of, at, schema }) => ({ of, at, validate: ajv.compile(schema) }));

/// Kubernetes reads YAML 1.1, Envoy reads YAML 1.2: a document has to mean the same to both.
function read(file) {
  const text = readFileSync(file, "utf8");
  const documents = parseAllDocuments(text, { version: "1.2" });
  const older = parseAllDocuments(text, { version: "1.1" });
  return documents.map((document, index) => {
    const problems = [...document.errors, ...document.warnings].map((error) => error.message);
    const value = document.toJS({ maxAliasCount: 0 });
    if (JSON.stringify(value) !== JSON.stringify(older[index]?.toJS({ maxAliasCount: 0 }))) {
      problems.push("it is not the same in YAML 1.1 and 1.2");
    }
    return { file, index, value, kind: kindOf(file, value), problems, checks: 0 };
  });
}

/// `apiVersion/kind`, or the end of the path for a document that has none.
function kindOf(file, value) {
  if (value?.apiVersion && value?.kind) return `${value.apiVersion}/${value.kind}`;
  const named = schemas.find(({ of }) => file.endsWith(`/${of}`));
  return named?.of ?? "unknown";
}

/// The module and the name of a kind; undefined if no package has it.
function modelOf(kind) {
  const [version, group = ""] = kind.split("/").slice(0, -1).reverse();
  const name = kind.split("/").at(-1);
  const has = PACKAGES[group];
  return has && { module: [has, group, version].filter(Boolean).join("/"), name };
}

/// The values at a path such as `spec.triggers[].metadata`.
function valuesAt(value, path) {
  const parts = path ? path.split(".") : [];
  return parts.reduce((values, part) => {
    const inner = values.map((it) => it?.[part.replace("[]", "")]).filter((it) => it !== undefined);
    return part.endsWith("[]") ? inner.flat() : inner;
  }, [value]);
}

async function validate(document) {
  for (const { of, at, validate } of validators.filter(({ of }) => of === document.kind)) {
    for (const value of valuesAt(document.value, at)) {
      document.checks += 1;
      if (validate(value)) continue;
      const said = ({ instancePath, message, params }) =>
        `${at}${instancePath} ${message} ${JSON.stringify(params)}`;
      document.problems.push(...validate.errors.map(said));
    }
  }
  const model = modelOf(document.kind);
  if (!model) return;
  const Model = await import(model.module).then((module) => module[model.name], () => undefined);
  if (!Model) return;
  document.model = model;
  document.checks += 1;
  try {
    new Model(document.value).validate();
  } catch (error) {
    document.problems.push(error.message);
  }
}

/// Has TypeScript compare each object with its type, all of them in one program.
function checkTypes(documents) {
  const lines = documents.map(({ model, value }, index) => {
    const type = `import("${model.module}").I${model.name}`;
    return `export const document${index}: ${type} = ${JSON.stringify(value)};`;
  });
  const path = `${process.cwd()}/documents.mts`;
  const options = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...more) =>
    name === path
      ? ts.createSourceFile(name, lines.join("\n"), ts.ScriptTarget.ES2022)
      : readSource(name, ...more);
  const program = ts.createProgram([path], options, host);
  const source = program.getSourceFile(path);
  for (const found of ts.getPreEmitDiagnostics(program)) {
    const said = ts.flattenDiagnosticMessageText(found.messageText, "; ");
    if (found.file !== source) throw new Error(`${found.file?.fileName}: ${said}`);
    const { line } = source.getLineAndCharacterOfPosition(found.start);
    documents[line].problems.push(said);
  }
  for (const document of documents) document.checks += 1;
}

const documents = files.flatMap(read);
for (const document of documents) await validate(document);
checkTypes(documents.filter(({ model }) => model));
const shown = documents.map(({ file, index, kind, checks, problems }) => ({ file, index, kind, checks, problems }));
process.stdout.write(JSON.stringify(shown, null, 1));
