#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completes the commands and options that --help tells of, and no others.

. "$(dirname "$0")/../lib.sh"

# What the file takes from the package bash-completion, which need not be here.
complete() { :; }
_init_completion() {
	cword=$((${#WORDS[@]} - 1)) words=("${WORDS[@]}")
	cur=${words[cword]} prev=${words[cword - 1]}
}
_filedir() { COMPREPLY=(a-file); }
__ltrim_colon_completions() { :; }
virsh() { printf '%s\n' "virsh $*" | tr ' ' '_'; }
. "$SRC/host-shim/cmd/hotslot.bash-completion"

completed() { # WORD…
	local WORDS=("$@") COMPREPLY=()
	_hotslot
	printf '%s\n' "${COMPREPLY[@]}"
}

commands() {
	"$HOTSLOT" --help | sed -nE 's/^  ([a-z]+) +[A-Z].*/\1/p'
}

# The options in a text of help, each with "value" if it takes one.
options() {
	sed -nE '/^  -/p' | grep -oE -- '--[a-z-]+( [A-Z]+)?' | sed -E 's/ [A-Z]+$/ value/' | sort -u
}

test_commands_are_those_of_the_help() {
	[[ $(commands | wc -l) -gt 15 ]]
	check_equal "$(commands | sort)" "$(completed hotslot '' | sort)"
	check_equal "$(commands | grep -vx help | sort)" "$(completed hotslot help '' | sort)"
}

test_options_are_those_of_the_help() {
	local command option value
	for command in $(commands); do
		[[ $command != help ]] || continue
		"$HOTSLOT" "$command" --help | options >told
		check_equal "$command: $(cut -d' ' -f1 told)" "$command: $(completed hotslot "$command" -- | sort)"
		while read -r option value; do
			if [[ $value ]]; then
				_hotslot_takes_value "$option" || fail "$command $option takes a value"
			else
				! _hotslot_takes_value "$option" || fail "$command $option takes no value"
			fi
		done <told
	done
}

test_a_value_is_not_taken_for_the_domain() {
	check_equal "" "$(completed hotslot detach --wait '')"
	check_equal "virsh_-q_list_--name_--all" "$(completed hotslot detach --wait 5 '')"
	check_equal "virsh_-q_-c_test:///_list_--name" "$(completed hotslot -c test:/// resize '')"
	check_equal "a-file" "$(completed hotslot attach vm '')"
}

run_tests
