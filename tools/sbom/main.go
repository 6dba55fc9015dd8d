// Command sbom writes the software bill of materials of programs built with Go, in
// CycloneDX 1.6 (ECMA-424), to the standard output: the modules that the linker
// wrote into each program, and Go itself. The same programs give the same bytes.
package main

import (
	"debug/buildinfo"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(programs []string) error {
	if len(programs) == 0 {
		return fmt.Errorf("name the programs, for example sbom .kassa/bin/*")
	}
	bom := cdx.NewBOM()
	components := map[string]cdx.Component{}
	var dependencies []cdx.Dependency
	for _, path := range programs {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		program := cdx.Component{
			BOMRef: "program:" + filepath.Base(path), Type: cdx.ComponentTypeApplication, Name: filepath.Base(path), Version: info.Main.Version,
			Properties: &[]cdx.Property{{Name: "go:package", Value: info.Path}},
		}
		components[program.BOMRef] = program
		linked := []string{add(components, "std", info.GoVersion, "")}
		for _, module := range info.Deps {
			if module.Replace != nil {
				module = module.Replace
			}
			linked = append(linked, add(components, module.Path, module.Version, module.Sum))
		}
		slices.Sort(linked)
		dependencies = append(dependencies, cdx.Dependency{Ref: program.BOMRef, Dependencies: &linked})
	}
	var all []cdx.Component
	for _, ref := range slices.Sorted(maps.Keys(components)) {
		all = append(all, components[ref])
	}
	bom.Metadata = &cdx.Metadata{Component: &cdx.Component{BOMRef: "kassa", Type: cdx.ComponentTypePlatform, Name: "kassa"}}
	bom.Components, bom.Dependencies = &all, &dependencies
	return cdx.NewBOMEncoder(os.Stdout, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
}

// add remembers a module and answers its reference, its package URL.
func add(components map[string]cdx.Component, path, version, sum string) string {
	version = strings.TrimPrefix(version, "go") // of the standard library
	ref := "pkg:golang/" + path + "@" + version
	component := cdx.Component{BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: ref}
	if sum != "" {
		component.Properties = &[]cdx.Property{{Name: "go:sum", Value: sum}}
	}
	components[ref] = component
	return ref
}
