# Samples to results: lines "METRIC KIND N VALUE", with tabs, as raw input; $environment.
# The goals are those of issue 6, as ratios of medians.

def quantile($q): sort | ((length - 1) * $q) as $at | ($at | floor) as $low
	| .[$low] + ($at - $low) * ((.[$low + 1] // .[$low]) - .[$low]);

def round3: . * 1000 | round / 1000;

def results: group_by([.metric, .kind, .n]) | map({
	metric: .[0].metric, kind: .[0].kind, n: .[0].n,
	samples: map(.value)
} | .median = (.samples | quantile(0.5) | round3)
  | .quartiles = [(.samples | quantile(0.25) | round3), (.samples | quantile(0.75) | round3)]);

# {kind: [limit, …]} of a metric with n disks, against another kind's, at most or at least.
def goals: [
	{goal: "one attach / floor", of: ["attach", 0], over: ["attach", "floor", 0],
		most: {plain: 1.10, udevd: 1.15, udev: 2.6}},
	{goal: "200 at once / floor", of: ["batch", 200], over: ["batch", "floor", 200],
		most: {plain: 1.10, udevd: 1.10, udev: 2.4}},
	{goal: "one attach with 1000 there / bare call with 1000 there", of: ["attach", 1000],
		over: ["attach", "call", 1000], most: {plain: 1.5, udevd: 2.0, udev: 3.0}},
	{goal: "boot to hello / static init", of: ["boot", 0], over: ["boot", "static", 0],
		most: {plain: 1.15, udevd: 1.4}},
	{goal: "the same, with the kernel as launch starts it", of: ["boot", 0],
		over: ["boot", "static-launch", 0], most: {plain: 1.15, udevd: 1.4}, optional: true},
	{goal: "one attach / stock udev rules", of: ["attach", 0], over: ["attach", "stock", 0],
		most: {plain: 0.10, udevd: 0.10, udev: 0.20}},
	{goal: "boot to hello / libguestfs cold launch", of: ["boot", 0],
		over: ["boot", "libguestfs", 0], most: {plain: 0.25, udevd: 0.333}},
	{goal: "helper's exec / scsi_id, instructions", of: ["exec-instructions", 0],
		over: ["exec-instructions", "scsi_id", 0], most: {helper: 0.15}},
	{goal: "helper's exec / scsi_id, time", of: ["exec", 0], over: ["exec", "scsi_id", 0],
		most: {helper: 0.15}}
];

def judge($medians): goals | map(. as $g | .most | to_entries[] | .key as $kind
	| $medians["\($g.of[0]) \($kind) \($g.of[1])"] as $value
	| $medians["\($g.over | join(" "))"] as $floor
	| select($floor or ($g.optional | not))
	| {goal: $g.goal, kind: $kind, most: .value}
	+ if $value and $floor and $floor > 0 then ($value / $floor) as $ratio
		| {ratio: ($ratio | round3), met: ($ratio <= .value)}
	  else {ratio: null, met: null} end);

[inputs | split("\t") | {metric: .[0], kind: .[1], n: (.[2] | tonumber), value: (.[3] | tonumber)}]
| results as $results
| ($results | map({key: "\(.metric) \(.kind) \(.n)", value: .median}) | from_entries) as $medians
| {environment: $environment, goals: judge($medians), results: $results}
