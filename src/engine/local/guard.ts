/**
 * The shell script that stands between us and a server, so that nothing is left behind whatever happens to us. Its standard input is a pipe that only we hold: when it ends, we are gone
 * (even by SIGKILL), and it stops the server and removes its folder. With `keep` it outlives us instead, and cleans up when somebody stops the server.
 *
 * Arguments: `watch` or `keep`, the folder, the signal on which the server stops in good order, the signal for one that is orphaned, then the server's command line.
 * INVARIANT: the server is a child of this shell without a shell of its own, and its id is in the folder's file `server.pid` before it does anything.
 */
export const GUARD = `
mode=$1 folder=$2 stop=$3 orphaned=$4
shift 4
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
echo $server > "$folder/server.pid"
if [ "$mode" = watch ]; then
  ( read -r line <&3 || { : > "$folder/orphaned"; kill -$orphaned $server; } ) &
  watcher=$!
fi
stopping=
trap 'stopping=1; kill -$stop $server' INT TERM
wait $server
status=$?
while kill -0 $server 2>/dev/null; do wait $server; status=$?; done
if [ "$mode" = watch ]; then kill $watcher 2>/dev/null; fi
if [ "$mode$stopping" = keep1 ] || [ -e "$folder/orphaned" ]; then rm -rf "$folder"; fi
exit $status
`;
