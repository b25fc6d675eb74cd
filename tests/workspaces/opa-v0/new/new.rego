package new

deny contains "no name" if not input.metadata.name
