// The calls of the VS Code extension "dbt Power User" in its `corecommand` mode, made by its own library: SQL is run and compiled by an
// executable named dbt, which is hetl. What the library asks dbt-core's Python for is left out.
//
//     node vscode_calls.mjs PROJECT       (dbt on PATH is hetl; the project is built)

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const {
  CLIDBTCommandExecutionStrategy,
  CommandProcessExecutionFactory,
  DBTCoreCommandProjectIntegration,
  DeferConfig,
} = createRequire(join(process.env.NODE_MODULES, "package.json"))("@altimateai/dbt-integration");

const project = process.argv[2];
const nothing = new Proxy(() => nothing, { get: (_, key) => (key === "then" ? undefined : nothing), apply: () => undefined });
const terminal = { debug() {}, info() {}, warn() {}, log() {}, error() {}, show() {}, write() {} };
const environment = { pythonPath: "/nowhere/python", getEnvironmentVariables: () => process.env };
const processes = new CommandProcessExecutionFactory(terminal);
const integration = new DBTCoreCommandProjectIntegration(
  { createPythonBridge: () => nothing, closePythonBridge() {} },
  environment,
  { onEnvironmentChanged: () => ({ dispose() {} }) },
  nothing,
  (folder, dbt) => new CLIDBTCommandExecutionStrategy(processes, environment, terminal, folder, dbt),
  terminal,
  nothing,
  nothing,
  project,
  [],
  DeferConfig.createCoreDefaults(),
  () => {},
);

const query = "select id, name from {{ ref('customer_orders') }} order by id";
const running = await integration.executeSQL(query, 1, "customer_orders");
const { table, compiled_sql } = await running.executeQuery();
assert.deepEqual(table, { column_names: ["id", "name"], column_types: ["string", "string"], rows: [[1, "Ada"]] });
assert.match(compiled_sql, /"shop"\."main"\."customer_orders"/);
assert.match(compiled_sql, /limit 1/);

assert.match(await integration.unsafeCompileNode("big_customers"), /from "shop"\."main"\."customer_orders"/);
assert.equal((await integration.unsafeCompileQuery("select {{ 1 + 1 }}")).trim(), "select 2");
const columns = await integration.getColumnsOfModel("customer_orders");
assert.deepEqual(columns.map((column) => column.column), ["id", "name", "orders", "amount"]);
assert.deepEqual((await integration.getColumnsOfSource("raw", "customers")).map((column) => column.column), ["id", "name", "loaded_at"]);
// The library prints the query that it makes.
console.log = () => {};
const catalog = await integration.getBulkSchemaFromDB([{ name: "big_customers", unique_id: "model.shop.big_customers" }], undefined);
assert.deepEqual(Object.keys(catalog).sort(), ["model.shop.big_customers", "source.shop.raw.customers"]);

await assert.rejects(integration.unsafeCompileQuery("select {{ ref('nothing') }}"));
process.stdout.write("dbt Power User: SQL run and compiled, columns of models and sources\n");
