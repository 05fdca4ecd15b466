"""Text in, numbers out: readings and outcome forecasts. Knows governance's values, never its tables."""
