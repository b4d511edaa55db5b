/**
 * The shell script that stands between us and a server, so that nothing is left behind whatever happens to us. Its standard input is a pipe that only we hold: when it ends, we are gone
 * (even by SIGKILL), and it stops the server and removes its folder. With `keep` it outlives us instead, and cleans up when somebody stops the server.
 *
 * Arguments: `watch` or `keep`, the folder, then the server's command line.
 */
export const GUARD = `
mode=$1 folder=$2
shift 2
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
if [ "$mode" = watch ]; then
  ( read -r line <&3 || { : > "$folder/orphaned"; kill -QUIT $server; } ) &
  watcher=$!
fi
stopping=
trap 'stopping=1; kill -INT $server' INT TERM
wait $server
status=$?
while kill -0 $server 2>/dev/null; do wait $server; status=$?; done
if [ "$mode" = watch ]; then kill $watcher 2>/dev/null; fi
if [ "$mode$stopping" = keep1 ] || [ -e "$folder/orphaned" ]; then rm -rf "$folder"; fi
exit $status
`;
