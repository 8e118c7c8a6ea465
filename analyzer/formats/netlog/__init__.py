"""Read NetLogs, Chrome's logs of its network stack: `--log-net-log`, chrome://net-export."""
