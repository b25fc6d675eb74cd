package regional

allow if input.region in data.regions.allowed
