# xlb_bpf_skeleton(NAME SOURCE): compile SOURCE for the BPF target and generate NAME.skel.h.
# Nothing here reads the running kernel: UAPI headers and libbpf's helpers only.
find_program(BPF_CLANG NAMES clang clang-14 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)
find_program(BPF_STRIP NAMES llvm-strip llvm-strip-14 REQUIRED)

set(XLB_BPF_FLAGS -g -O2 -target bpf -mcpu=v3 -std=gnu17 -Wall -Wextra -Werror
	-Wno-unused-parameter -I${PROJECT_SOURCE_DIR}/include -I${PROJECT_SOURCE_DIR}/bpf
	-I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})

function(xlb_bpf_skeleton name source)
	set(obj ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
	set(skel ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
	add_custom_command(OUTPUT ${obj}
		COMMAND ${BPF_CLANG} ${XLB_BPF_FLAGS} -MD -MF ${obj}.d -MT ${obj}
			-c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${obj}
		COMMAND ${BPF_STRIP} -g ${obj}
		DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source}
		DEPFILE ${obj}.d VERBATIM COMMENT "BPF ${source}")
	add_custom_command(OUTPUT ${skel}
		COMMAND sh -c "${BPFTOOL} gen skeleton ${obj} name ${name}_bpf > ${skel}"
		DEPENDS ${obj} VERBATIM COMMENT "Skeleton ${name}.skel.h")
	add_custom_target(${name}_skel DEPENDS ${skel})
	add_library(${name}_bpf INTERFACE)
	add_dependencies(${name}_bpf ${name}_skel)
	target_include_directories(${name}_bpf INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
