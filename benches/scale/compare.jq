# Counts the servers at their goal and with drift, as compare.py does.
def version: split(".") | map(tonumber);

($goal[0] | map_values(version)) as $goal
| def drifted:
    any(.components.known[]; (.build | version) < ($goal[.name] // []))
    or any(.services.known[]; .start == "automatic" and .state != "running")
    or any(.databases[].seen.known[]; .name != "xds" and (.installed | version) < (.expected | version));
  reduce inputs as $snapshot ({"at goal": 0, "with drift": 0};
    .[if $snapshot.seen | drifted then "with drift" else "at goal" end] += 1)
| "\(add) servers: \(to_entries | map(select(.value > 0) | "\(.value) \(.key)") | join(", "))"
