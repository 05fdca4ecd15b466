"""The demonstration DAO: invented, written for this project, and labelled so wherever it is shown."""
