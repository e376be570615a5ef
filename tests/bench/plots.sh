# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Plots of the results, as SVG and PNG, for tests/bench/run.

# "KIND…" of those that have figures of METRIC, in the order of the legend.
plot_kinds() { # METRIC
	jq -r --arg metric "$1" '[.results[] | select(.metric == $metric) | .kind] | unique as $have
		| ["call", "floor", "answers", "answers-udevd", "plain", "udevd", "udev", "stock"]
		| map(select(IN($have[]))) | join(" ")' \
		"$results/results.json"
}

# A block of lines for each kind, with its name before.
plot_blocks() { # METRIC FILTER_OF_A_KINDS_RESULTS
	local kind
	for kind in $(plot_kinds "$1"); do
		printf '"%s"\n' "$kind"
		jq -r --arg metric "$1" --arg kind "$kind" \
			"[.results[] | select(.metric == \$metric and .kind == \$kind)] | $2" "$results/results.json"
		printf '\n\n'
	done
}

draw() { # NAME LINE_OF_GNUPLOT…
	local name=$1 terminal
	shift
	for terminal in "svg noenhanced size 1000,600 background 'white'" "pngcairo noenhanced size 1000,600"; do
		printf '%s\n' "set terminal $terminal" "set output '$results/$name.${terminal%%[ c]*}'" \
			"set grid y" "set key outside right" "set colorsequence podo" "$@" | gnuplot
	done
}

# One attach with so many there.
plot_there() {
	plot_blocks attach 'sort_by(.n)[] | [.n, .median] + .quartiles | map(tostring) | join(" ")' >there.data
	draw there "set title 'one attach until the host knows, median and quartiles'" \
		"set xlabel 'disks there before'" "set xrange [-20:]" "set ylabel 'ms'" "set yrange [0:]" \
		"plot for [i=0:$(($(plot_kinds attach | wc -w) - 1))] 'there.data' index i using 1:2:3:4 \\
			with yerrorlines title columnheader(1)"
}

# How many of the attaches were done within a time.
plot_distribution() {
	plot_blocks attach '.[] | select(.n == 0) | (.samples | length) as $all | .samples | sort
		| to_entries[] | "\(.value) \((.key + 1) / $all)"' >distribution.data
	draw distribution "set title 'one attach on an idle guest'" "set xlabel 'ms'" "set xrange [0:]" \
		"set ylabel 'part of the attaches that are done'" "set yrange [0:1]" \
		"plot for [i=0:$(($(plot_kinds attach | wc -w) - 1))] 'distribution.data' index i using 1:2 \\
			with steps title columnheader(1)"
}

# Each ratio that has a goal, in parts of the goal: 1 is as good as is asked for.
plot_ratios() {
	jq -r '.goals[] | select(.ratio) | "\"\(.goal), \(.kind)\" \(.ratio / .most)"' \
		"$results/results.json" | tac >ratios.data
	[[ -s ratios.data ]] || return 0
	draw ratios "set title 'ratios of medians, in parts of the goal'" "unset key" \
		"set style fill solid 0.6" "set yrange [-0.7:$(wc -l <ratios.data)-0.3]" \
		"unset grid" "set grid x" "set xrange [0:]" "set arrow from 1,graph 0 to 1,graph 1 nohead lw 2" \
		"plot 'ratios.data' using (\$2/2):0:(\$2/2):(0.35):ytic(1) with boxxyerror"
}

plot_all() {
	if [[ $(plot_kinds attach) ]]; then
		plot_there
		plot_distribution
	fi
	plot_ratios
}
