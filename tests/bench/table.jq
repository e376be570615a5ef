# Results of report.jq as text for people.

def pad($n): tostring | if length < $n then . + " " * ($n - length) else . end;
def right($n): tostring | if length < $n then " " * ($n - length) + . else . end;
def fixed($digits): . * pow(10; $digits) | round | tostring
	| if length <= $digits then "0" * ($digits + 1 - length) + . else . end
	| .[:-$digits] + "." + .[-$digits:];
def number: if . < 100 then fixed(2) else round end;
def ratio: if . == null then "-" else fixed(3) end;

def row($floors): $floors["\(.metric) \(.n)"] as $floor
	| "\(.metric | pad(22)) \(.kind | pad(10)) \(.n | right(6)) \(.median | number | right(10)) "
	+ ("\(.quartiles[0] | number) .. \(.quartiles[1] | number)" | right(20))
	+ " \(.samples | length | right(8)) "
	+ (if $floor and $floor > 0 then .median / $floor | fixed(2) else "" end | right(8));

([.results[] | select(.kind == "floor" or .kind == "static" or .kind == "scsi_id")
	| {key: "\(.metric) \(.n)", value: .median}] | from_entries) as $floors
| (.environment | to_entries[] | "\(.key | pad(14)) \(.value)"),
"",
"\("ms" | pad(22)) \("kind" | pad(10)) \("disks" | right(6)) \("median" | right(10)) "
	+ "\("quartiles" | right(20)) \("samples" | right(8)) \("/ floor" | right(8))",
(.results[] | row($floors)),
"",
"\("ratio of medians" | pad(56)) \("kind" | pad(8)) \("is" | right(7)) \("at most" | right(8))",
(.goals[] | "\(.goal | pad(56)) \(.kind | pad(8)) \(.ratio | ratio | right(7)) "
	+ "\(.most | ratio | right(8))  "
	+ (if .met == null then "not measured" elif .met then "met" else "NOT MET" end))
