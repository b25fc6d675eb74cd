# METADATA
# title: Images
# description: |
#   What an image's name says.
#   It is not asked whether the image exists.
# scope: subpackages
package lib.images

# The part behind the last colon; "latest" when there is none.
tag(image) := parts[count(parts) - 1] if {
	parts := split(image, ":")
	count(parts) > 1
} else := "latest"

# METADATA
# title: Registries we trust
# custom:
#   owner: platform
trusted := {"registry.example", "mirror.example"}

registry(image) := host if {
	[host, _] := split(image, "/")
}

limits["cpu"] := 2

limits["memory"] := "1Gi"
