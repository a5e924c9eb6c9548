# From `cargo metadata --filter-platform TARGET`: what is linked into the program, as CycloneDX 1.6.
# Build scripts, procedural macros and what only they need run in the compiler and are left out.

def is_macro: any(.targets[].kind[]; . == "proc-macro");
def ref: if .source then "pkg:cargo/\(.name)@\(.version)" else "\(.name)@\(.version)" end;
def licences: [{ expression: (.license | gsub("/"; " OR ")) }];
def reached($edges): . as $seen | ([$seen[], ($seen[] | $edges[.][])] | unique) | if length == ($seen | length) then . else reached($edges) end;

(INDEX(.packages[]; .id)) as $packages
| ([$lock | scan("name = \"([^\"]+)\"\nversion = \"([^\"]+)\"\nsource = \"[^\"]+\"\nchecksum = \"([0-9a-f]+)\"")
    | { key: "pkg:cargo/\(.[0])@\(.[1])", value: .[2] }] | from_entries) as $checksums
| (.resolve.nodes | map({ key: .id, value: [.deps[] | select(any(.dep_kinds[]; .kind == null)) | .pkg | select($packages[.] | is_macro | not)] })
    | from_entries) as $edges
| ([.packages[] | select(.name == "reconcile") | .id] | reached($edges) | map($packages[.]) | sort_by(ref)) as $linked
| ($linked[] | select(.name == "reconcile")) as $program
| {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: ($time | tonumber | todate),
      component: { type: "application", "bom-ref": ($program | ref), name: "reconcile", version: $program.version,
        description: $program.description, licenses: ($program | licences),
        properties: [{ name: "cargo:target", value: $target }, { name: "git:commit", value: $commit }] }
    },
    components: ([$linked[] | select(.name != "reconcile")
      | { type: "library", "bom-ref": ref, name, version, licenses: licences }
        + (if .source then { purl: ref, hashes: [{ alg: "SHA-256", content: $checksums[ref] }] } else {} end)
        + (if .source and .repository then { externalReferences: [{ type: "vcs", url: .repository }] } else {} end)]
      + $runtimes),
    dependencies: [$linked[] | . as $one
      | { ref: ref, dependsOn: ([$edges[$one.id][] | $packages[.] | ref] | unique
          | if $one.name == "reconcile" then . + [$runtimes[]["bom-ref"]] else . end) }]
  }
