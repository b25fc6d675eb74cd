package scale

deny contains "too many replicas" if input.replicas > data.limits.replicas

deny contains "wrong region" if input.region != data.lib.zones.home
