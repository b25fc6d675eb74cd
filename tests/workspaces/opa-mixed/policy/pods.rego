package pods

deny contains "no label" if not input.metadata.labels
