// Checks dashboards against the types of @grafana/schema: what TypeScript itself refuses, and keys that the types do not
// have, which TypeScript lets pass. It prints one problem a line, and knows no dashboard.
//
//     node check.mjs MODULES DASHBOARD.json...
//
// MODULES is the folder in which `npm ci` has installed this package.

import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const [modules, ...files] = process.argv.slice(2);
const ts = createRequire(path.join(path.resolve(modules), 'package.json'))('typescript');

// The types of the options and of the fields of each plugin. Those of a Prometheus query are in another package, and are
// written here after packages/grafana-prometheus/src/dataquery.ts of Grafana.
const PLUGINS = {
  timeseries: 'timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen',
  heatmap: 'heatmap/panelcfg/x/HeatmapPanelCfg_types.gen',
  stat: 'stat/panelcfg/x/StatPanelCfg_types.gen',
  bargauge: 'bargauge/panelcfg/x/BarGaugePanelCfg_types.gen',
  barchart: 'barchart/panelcfg/x/BarChartPanelCfg_types.gen',
  'state-timeline': 'statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen',
  table: 'table/panelcfg/x/TablePanelCfg_types.gen',
  text: 'text/panelcfg/x/TextPanelCfg_types.gen',
};
const WITHOUT_FIELDS = ['stat', 'bargauge', 'text'];

const HEAD = `
import type { Dashboard, DataSourceRef } from '@grafana/schema';
${Object.values(PLUGINS).map((file, index) => `import type * as plugin${index} from '@grafana/schema/dist/esm/raw/composable/${file}';`).join('\n')}
// JSON has the values of enums, not their names.
type Plain<T> = T extends string ? \`\${T}\` : T extends number | boolean | null | undefined ? T
  : T extends (infer I)[] ? Plain<I>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
interface Target {
  refId: string;
  datasource: DataSourceRef;
  expr: string;
  legendFormat: string;
  format: 'time_series' | 'table' | 'heatmap';
  instant: boolean;
  range: boolean;
  editorMode: 'code' | 'builder';
}
type dashboard = Plain<Dashboard>;
type target = Plain<Target>;
${Object.keys(PLUGINS).map((name, index) => `type options${index} = Plain<plugin${index}.Options>;\n${WITHOUT_FIELDS.includes(name) ? `type custom${index} = {}` : `type custom${index} = Plain<Partial<plugin${index}.FieldConfig>>`};`).join('\n')}
`;

let problems = 0;
function report(file, problem) {
  problems += 1;
  console.log(`${path.basename(file)}: ${problem}`);
}

// Each value, the name of the type that it must have, and where it is.
function claims(dashboard) {
  const all = [[dashboard, 'dashboard', '']];
  (dashboard.panels ?? []).forEach((panel, index) => {
    const place = `panels[${index}]`;
    if (panel.type === 'row') return;
    const plugin = Object.keys(PLUGINS).indexOf(panel.type);
    if (plugin < 0) return all.push([panel, 'never', place]);
    all.push([panel.options ?? {}, `options${plugin}`, `${place}.options`]);
    all.push([panel.fieldConfig?.defaults?.custom ?? {}, `custom${plugin}`, `${place}.fieldConfig.defaults.custom`]);
    (panel.targets ?? []).forEach((target, number) => all.push([target, 'target', `${place}.targets[${number}]`]));
  });
  return all;
}

const sources = new Map();
for (const file of files) {
  const dashboard = JSON.parse(fs.readFileSync(file, 'utf8'));
  const all = claims(dashboard);
  const lines = all.map(([value, type], index) => `export const claim${index} = ${JSON.stringify(value)} satisfies ${type};`);
  const name = path.join(path.resolve(modules), `${path.basename(file)}.ts`);
  sources.set(name, { file, all, text: `${HEAD}${lines.join('\n')}\n` });
}

const options = {
  noEmit: true, strict: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [],
};
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists, readFile } = host;
host.fileExists = (name) => sources.has(name) || fileExists(name);
host.readFile = (name) => sources.get(name)?.text ?? readFile(name);
host.getSourceFile = (name, language) => sources.has(name)
  ? ts.createSourceFile(name, sources.get(name).text, language, true)
  : getSourceFile(name, language);
const program = ts.createProgram([...sources.keys()], options, host);
const checker = program.getTypeChecker();

for (const [name, { file, all }] of sources) {
  const source = program.getSourceFile(name);
  for (const diagnostic of [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]) {
    const at = source.text.slice(diagnostic.start, diagnostic.start + 60).split('\n')[0];
    report(file, `${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')} at \`${at}\``);
  }
  source.statements.filter(ts.isVariableStatement).forEach((statement, index) => {
    const expression = statement.declarationList.declarations[0].initializer;
    keys(file, all[index][0], [checker.getTypeFromTypeNode(expression.type)], all[index][2]);
  });
}

// Keys that none of the types has. What may have any key is not looked into.
function keys(file, value, types, place) {
  const structured = ts.TypeFlags.Object | ts.TypeFlags.Intersection;
  const parts = types.flatMap((type) => (type.isUnion() ? type.types : [type])).filter((type) => type.flags & structured);
  if (value === null || typeof value !== 'object' || parts.length === 0) return;
  if (Array.isArray(value)) {
    const items = parts.map((part) => checker.getIndexTypeOfType(part, ts.IndexKind.Number)).filter(Boolean);
    return value.forEach((item, index) => keys(file, item, items, `${place}[${index}]`));
  }
  if (parts.some((part) => checker.getIndexTypeOfType(part, ts.IndexKind.String))) return;
  for (const [key, inner] of Object.entries(value)) {
    const at = `${place}${place && '.'}${key}`;
    const found = parts.map((part) => checker.getPropertyOfType(part, key)).filter(Boolean);
    if (found.length === 0) report(file, `unknown key ${at}`);
    else keys(file, inner, found.map((property) => checker.getTypeOfSymbol(property)), at);
  }
}

process.exitCode = problems === 0 ? 0 : 1;
