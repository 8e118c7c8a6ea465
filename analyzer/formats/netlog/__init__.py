"""Read NetLogs, the logs of Chrome's network stack (chrome://net-export)."""
