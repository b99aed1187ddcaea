#!/usr/bin/env python3
"""Checks that `hetl lint --fix` leaves the queries of dbt projects what they were, by sqlglot's syntax trees.

    scripts/fix_safety.py HETL [--show] PROJECT...

Each PROJECT is copied, compiled on DuckDB, mended with all rules and compiled again; what is compiled before and after is read by sqlglot and
must be the same tree, but for the case and quotes of names, `as`, aliases that say the column's own name or that nothing uses, brackets, and spellings
of the same (`count(1)` and `count(*)`, `else null`, `asc`, `inner`, `a = b` and `b = a`, the table before a column where there is one only). Packages are installed by `hetl deps`. Prints counts, and each file that is not the
same; exits with 1 if there is one. Needs `pip install sqlglot`; it knows nothing of hetl's own comparison.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import sqlglot
from sqlglot import exp


def run(hetl, folder, *arguments):
    return subprocess.run([hetl, *arguments, "--project-dir", folder, "--profiles-dir", folder], capture_output=True, text=True)


def compiled(folder):
    texts = {}
    for path in sorted((folder / "target/compiled").rglob("*.sql")):
        # Generic tests lie below the YAML file that asks for them.
        if not any(part.endswith((".yml", ".yaml")) for part in path.parts[:-1]):
            texts[path.relative_to(folder / "target/compiled")] = path.read_text(encoding="utf-8")
    return texts


def tree(sql):
    """The statements of a text as comparable texts."""
    shapes = []
    for statement in sqlglot.parse(sql, read="duckdb"):
        if statement is not None:
            without_the_only_table(statement)
            for bracket in list(statement.find_all(exp.Paren)):
                bracket.replace(bracket.this)
            for name in list(statement.find_all(exp.Identifier)):
                name.replace(exp.Identifier(this=name.name.lower(), quoted=False))
            statement = statement.transform(plain)
            without_unused_aliases(statement)
            for equal in statement.find_all(exp.EQ):
                sides = sorted((equal.left, equal.right), key=repr)
                equal.set("this", sides[0])
                equal.set("expression", sides[1])
            shapes.append(repr(statement))
    return shapes


def without_unused_aliases(statement):
    """Takes away aliases of tables that no column names: `from orders as o` with `select id`."""
    used = {column.table for column in statement.find_all(exp.Column) if column.table}
    for table in statement.find_all(exp.Table):
        if table.alias and table.alias not in used:
            table.set("alias", None)


def without_the_only_table(statement):
    """Takes away the names of tables before columns where a query reads one table: `orders.id` and `id` are the same there."""
    for select in statement.find_all(exp.Select):
        source = select.args.get("from_") or select.args.get("from")
        if source is None or select.args.get("joins") or select.args.get("laterals"):
            continue
        for column in select.find_all(exp.Column):
            if column.table == source.alias_or_name and column.find_ancestor(exp.Select) is select:
                column.set("table", None)


def plain(node):
    if isinstance(node, exp.Anonymous):
        node.set("this", node.name.lower())
    if isinstance(node, exp.Alias) and isinstance(node.this, exp.Column) and node.alias.lower() == node.this.name.lower():
        return node.this
    if isinstance(node, exp.Count) and isinstance(node.this, exp.Literal) and node.this.this == "1":
        return exp.Count(this=exp.Star(), big_int=node.args.get("big_int"))
    if isinstance(node, exp.Var):
        return exp.Var(this=node.name.lower())
    if isinstance(node, exp.Join) and node.kind == "INNER":
        node.set("kind", None)
    if isinstance(node, exp.Case) and isinstance(node.args.get("default"), exp.Null):
        node.set("default", None)
    if isinstance(node, exp.Ordered) and node.args.get("desc") is False:
        node.set("desc", None)
    node.comments = None
    return node


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hetl")
    parser.add_argument("projects", nargs="+", metavar="PROJECT")
    parser.add_argument("--show", action="store_true", help="print both trees of what differs")
    given = parser.parse_args()
    hetl = str(pathlib.Path(given.hetl).resolve())
    total = {"files": 0, "changed": 0, "same": 0, "unread": 0, "different": 0, "lost": 0}
    for project in given.projects:
        with tempfile.TemporaryDirectory() as work:
            folder = pathlib.Path(work) / pathlib.Path(project).name
            shutil.copytree(project, folder, symlinks=True, ignore=shutil.ignore_patterns("target", "logs", ".git", "*.duckdb"))
            named = re.search(r"^profile:\s*['\"]?([\w-]+)", (folder / "dbt_project.yml").read_text(), re.MULTILINE)
            profile = named.group(1) if named else "default"
            (folder / "profiles.yml").write_text(f"{profile}:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: fix.duckdb}}\n")
            (folder / ".sqlfluffignore").unlink(missing_ok=True)
            if not (folder / "dbt_packages").exists():
                run(hetl, folder, "deps", "--quiet")
            sources = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.sql") if "dbt_packages" not in path.parts}
            ran = run(hetl, folder, "compile", "--quiet")
            before = compiled(folder)
            if not before:
                sys.exit(f"{project} does not compile:\n{ran.stdout[-1500:]}{ran.stderr[-500:]}")
            (folder / ".sqlfluff").write_text("[sqlfluff]\ndialect = duckdb\nrules = all\n")
            mended = run(hetl, folder, "lint", "--fix", "--rules", "all")
            if mended.returncode not in (0, 1):
                sys.exit(f"{project} is not linted:\n{mended.stdout[-1500:]}")
            shutil.rmtree(folder / "target/compiled")
            run(hetl, folder, "compile", "--quiet")
            after = compiled(folder)
            changed = sum(path.read_text(encoding="utf-8") != text for path, text in sources.items())
            total["files"] += len(before)
            total["changed"] += changed
            for path, text in before.items():
                if path not in after:
                    total["lost"] += 1
                    print(f"lost: {path}")
                    continue
                try:
                    was, now = tree(text), tree(after[path])
                except sqlglot.errors.SqlglotError:
                    total["unread" if text != after[path] else "same"] += 1
                    if text != after[path]:
                        print(f"not read by sqlglot: {path}")
                    continue
                total["same" if was == now else "different"] += 1
                if was != now:
                    print(f"different: {path}")
                    if given.show:
                        print(text, "\n----\n", after[path])
            print(f"{folder.name}: {len(before)} compiled files, {changed} files mended", flush=True)
    print(", ".join(f"{count} {word}" for word, count in total.items()))
    sys.exit(1 if total["different"] or total["lost"] else 0)


if __name__ == "__main__":
    main()
