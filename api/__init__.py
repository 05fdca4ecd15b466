"""What the outside world touches: HTTP routes, commands, executors."""
