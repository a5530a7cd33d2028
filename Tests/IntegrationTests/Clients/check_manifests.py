"""Checks Kubernetes manifests for what can be checked without a cluster: names that refer to each other."""
import sys

import yaml


def main(path):
    with open(path) as file:
        documents = list(yaml.safe_load_all(file))
    names = {}
    for document in documents:
        for field in ("apiVersion", "kind", "metadata"):
            assert field in document, f"a document has no {field}: {document}"
        key = (document["kind"], document["metadata"]["name"])
        assert key not in names, f"{key} comes twice"
        names[key] = document
        if document["kind"] != "Namespace":
            namespace = document["metadata"].get("namespace")
            assert ("Namespace", namespace) in names, f"{key} is in no namespace of this file"
    labels = []
    for (kind, name), document in names.items():
        if kind != "StatefulSet":
            continue
        spec = document["spec"]
        template = spec["template"]
        own = template["metadata"]["labels"]
        labels.append(own)
        assert spec["selector"]["matchLabels"].items() <= own.items(), f"{name} does not select its pods"
        assert ("Service", spec["serviceName"]) in names, f"{name} names no service of this file"
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        for volume in volumes.values():
            if "persistentVolumeClaim" in volume:
                claim = volume["persistentVolumeClaim"]["claimName"]
                assert ("PersistentVolumeClaim", claim) in names, f"no claim {claim}"
            if "secret" in volume:
                secret = volume["secret"]["secretName"]
                assert ("Secret", secret) in names, f"no secret {secret}"
        known = set(volumes) | {t["metadata"]["name"] for t in spec.get("volumeClaimTemplates", [])}
        for container in template["spec"]["containers"]:
            for mount in container["volumeMounts"]:
                assert mount["name"] in known, f"{name} mounts {mount['name']}, which is no volume"
            # For the caller: the words of each program.
            print(" ".join(container["command"] + container["args"]))
    for (kind, name), document in names.items():
        if kind == "Service":
            selector = document["spec"]["selector"]
            assert any(selector.items() <= own.items() for own in labels), f"service {name} selects no pod"


main(sys.argv[1])
